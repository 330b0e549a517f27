/* A file system under SQLite that fails at a chosen write: the process dies in the middle of it, or
 * the disk is full from then on. So a test goes through every write of a piece of work, one by one,
 * and needs no clock. For a child process: it stays installed. */
#ifndef CRASH_VFS_H
#define CRASH_VFS_H
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

struct crash_file {
	sqlite3_file base;
	sqlite3_file *real;        /* behind this struct */
};
static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods io;
	long left;                 /* writes until it happens */
	bool full;                 /* the disk is full; else the process dies */
	long written;
} crash;

#define REAL(f) (((struct crash_file *)(f))->real)
#define PASS(name, args, call) \
	static int crash_##name args { return REAL(f)->pMethods->call; }
PASS(read, (sqlite3_file *f, void *b, int n, sqlite3_int64 at), xRead(REAL(f), b, n, at))
PASS(size, (sqlite3_file *f, sqlite3_int64 *n), xFileSize(REAL(f), n))
PASS(lock, (sqlite3_file *f, int l), xLock(REAL(f), l))
PASS(unlock, (sqlite3_file *f, int l), xUnlock(REAL(f), l))
PASS(reserved, (sqlite3_file *f, int *r), xCheckReservedLock(REAL(f), r))
PASS(control, (sqlite3_file *f, int op, void *a), xFileControl(REAL(f), op, a))
PASS(sector, (sqlite3_file *f), xSectorSize(REAL(f)))
PASS(device, (sqlite3_file *f), xDeviceCharacteristics(REAL(f)))
PASS(shm_map, (sqlite3_file *f, int p, int n, int x, void volatile **v), xShmMap(REAL(f), p, n, x, v))
PASS(shm_lock, (sqlite3_file *f, int at, int n, int how), xShmLock(REAL(f), at, n, how))
PASS(shm_unmap, (sqlite3_file *f, int d), xShmUnmap(REAL(f), d))

static void crash_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

/* Is this the one? */
static bool crash_now(void)
{
	crash.written++;
	return crash.left > 0 && --crash.left == 0;
}

static int crash_write(sqlite3_file *f, const void *b, int n, sqlite3_int64 at)
{
	if (!crash_now())
		return REAL(f)->pMethods->xWrite(REAL(f), b, n, at);
	if (crash.full) {
		crash.left = 1;
		return SQLITE_FULL;
	}
	REAL(f)->pMethods->xWrite(REAL(f), b, n / 2, at);
	kill(getpid(), SIGKILL);
	return SQLITE_IOERR;
}

static int crash_sync(sqlite3_file *f, int flags)
{
	if (!crash.full && crash_now())
		kill(getpid(), SIGKILL);
	return REAL(f)->pMethods->xSync(REAL(f), flags);
}

static int crash_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	if (!crash.full && crash_now())
		kill(getpid(), SIGKILL);
	return REAL(f)->pMethods->xTruncate(REAL(f), n);
}

static int crash_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int crash_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
	struct crash_file *c = (struct crash_file *)f;
	sqlite3_io_methods *io = &crash.io;
	int rc;

	(void)v;
	c->real = (sqlite3_file *)(c + 1);
	rc = crash.real->xOpen(crash.real, name, c->real, flags, out);
	*io = (sqlite3_io_methods){ .iVersion = 2, .xClose = crash_close, .xRead = crash_read,
		.xWrite = crash_write, .xTruncate = crash_truncate, .xSync = crash_sync,
		.xFileSize = crash_size, .xLock = crash_lock, .xUnlock = crash_unlock,
		.xCheckReservedLock = crash_reserved, .xFileControl = crash_control,
		.xSectorSize = crash_sector, .xDeviceCharacteristics = crash_device,
		.xShmMap = crash_shm_map, .xShmLock = crash_shm_lock,
		.xShmBarrier = crash_barrier, .xShmUnmap = crash_shm_unmap };
	f->pMethods = c->real->pMethods ? io : NULL;
	return rc;
}

static inline void crash_install(long after, bool full)
{
	crash.real = sqlite3_vfs_find(NULL);
	crash.vfs = *crash.real;
	crash.vfs.zName = "crash";
	crash.vfs.szOsFile = (int)sizeof(struct crash_file) + crash.real->szOsFile;
	crash.vfs.xOpen = crash_open;
	crash.left = after;
	crash.full = full;
	sqlite3_vfs_register(&crash.vfs, 1);
}
#endif
