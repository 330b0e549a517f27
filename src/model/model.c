#include "model/model.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "model/build.h"
#include "model/hash_cache.h"
#include "model/hub.h"
#include "model/lora.h"
#include "model/role.h"

static void build_free(struct source *s)
{
	struct model_build *b = (struct model_build *)s;

	source_index_fini(s);
	for (size_t i = 0; i < b->files.n; i++)
		file_close(b->files.v[i]);
	json_decref(b->m.config);
	json_decref(b->m.generation_config);
	json_decref(b->m.tokenizer_config);
	json_decref(b->m.metadata);
	vec_fini(&b->files);
	vec_fini(&b->tensors);
	vec_fini(&b->layouts);
	vec_fini(&b->notes);
	hash_cache_free(b->hashes);
	arena_fini(&b->arena);
	free(b);
}

static const struct source_ops build_ops = {
	.read = layout_read,
	.read_raw = layout_read_raw,
	.free = build_free,
};

struct model *model_ref(struct model *m)
{
	source_ref(&m->source);
	return m;
}

void model_unref(struct model *m)
{
	if (m)
		source_unref(&m->source);
}

/* What the first bytes say, for files whose name says nothing (blobs of a cache). */
static enum model_format sniff(const char *path)
{
	char head[9] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head);

	if (fd >= 0)
		close(fd);
	return n >= 4 && !memcmp(head, "GGUF", 4) ? MODEL_GGUF : MODEL_SAFETENSORS;
}

bool refuse_pickle(const char *path, struct err *e)
{
	return err_set(e, ERR_INPUT, path,
		"convert it once where PyTorch is at hand: torch.load(…, weights_only=True), then "
		"safetensors.torch.save_file; most owners also publish .safetensors",
		"a PyTorch checkpoint is a pickle, and reading one runs whatever code it holds");
}

/* A safetensors file with what stands beside it; the first of several brings the others. */
static bool open_safetensors(struct model_build *b, const char *path, struct err *e)
{
	const char *name = str_base(path);
	bool several = shard_count(name) > 1 || str_ends(name, ".index.json");
	char *dir = name > path ? xstrndup(path, (size_t)(name - path)) : xstrdup("./");
	bool ok = hfdir_load(b, dir, several ? NULL : name, e);

	free(dir);
	return ok;
}

static bool open_any(struct model_build *b, const char *path, struct err *e)
{
	static const char *const pickles[] = { ".bin", ".pt", ".pth", ".ckpt", ".pkl" };
	struct stat st;

	if (!file_exists(path))
		return err_set(
			e, ERR_INPUT, path, "check the path", "there is no such file or folder");
	if (file_is_dir(path)) {
		b->m.format = MODEL_HF;
		return hfdir_load(b, path, NULL, e);
	}
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, path, "name a file or a folder", "it is neither");
	for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++)
		if (str_ends(path, pickles[i]))
			return refuse_pickle(path, e);
	b->m.format = sniff(path);
	if (b->m.format == MODEL_GGUF || str_ends(path, ".gguf"))
		return gguf_load(b, path, e);
	return open_safetensors(b, path, e);
}

static bool check_names(struct model_build *b, struct err *e)
{
	struct source *s = &b->m.source;
	long twice;

	s->tensors = b->tensors.v;
	s->n_tensors = b->tensors.n;
	if (s->n_tensors > UINT32_MAX - 1)
		return err_set(e, ERR_INPUT, s->label, NULL, "more tensors than can be numbered");
	twice = source_index_init(s);
	if (twice < 0)
		return true;
	return err_set(e, ERR_INPUT, b->files.v[s->tensors[twice].file]->path,
		"the file is damaged, or two shards of different models lie together",
		"tensor %s is there twice", s->tensors[twice].name);
}

static void add_up(struct model_build *b)
{
	struct model *m = &b->m;

	for (size_t i = 0; i < b->tensors.n; i++) {
		m->parameters += packed_elements(b, i);
		m->bytes += b->tensors.v[i].bytes;
	}
	m->bits_per_weight = m->parameters ? 8.0 * (double)m->bytes / (double)m->parameters : 0;
}

static void read_config(struct model_build *b)
{
	static const char *const layers[] = { "num_hidden_layers", "text_config.num_hidden_layers",
		"n_layer", "n_layers", "num_layers" };
	struct model *m = &b->m;

	m->architecture = json_text(m->config, "model_type", m->architecture);
	m->arch_class = json_text(json_array_get(json_at(m->config, "architectures"), 0), "", NULL);
	m->tokenizer.config_vocab_size = json_int(m->config, "vocab_size",
		json_int(m->config, "text_config.vocab_size", -1));
	for (size_t i = 0; m->layers < 0 && i < sizeof layers / sizeof *layers; i++)
		m->layers = json_int(m->config, layers[i], -1);
}

static void read_roles(struct model_build *b)
{
	const char *family = json_text(b->m.config, "text_config.model_type", b->m.architecture);
	bool head = false, embedding = false;

	role_classify(b->tensors.v, b->tensors.n, family, b->m.format == MODEL_GGUF, &b->arena);
	for (size_t i = 0; i < b->tensors.n; i++) {
		head |= !strcmp(b->tensors.v[i].role, "output");
		embedding |= !strcmp(b->tensors.v[i].role, "token_embd");
	}
	b->m.tied_head = embedding && !head;
	if (role_problem())
		build_note(b, "roles: %s", role_problem());
}

static const char *const formats[] = {
	[MODEL_SAFETENSORS] = "safetensors",
	[MODEL_HF] = "hf",
	[MODEL_GGUF] = "gguf",
	[MODEL_MLX] = "mlx",
};

static bool finish(struct model_build *b, struct err *e)
{
	struct model *m = &b->m;

	if (!check_names(b, e))
		return false;
	add_up(b);
	read_config(b);
	read_roles(b);
	if (str_eq(m->architecture, "unknown") && lora_is(m->path))
		m->architecture = "adapter";
	m->format_text = formats[m->format];
	m->files = b->files.v;
	m->n_files = b->files.n;
	*vec_push(&b->notes) = NULL;
	m->notes = b->notes.v;
	return true;
}

/* From any folder the same; links in the last part stay, for a cache's names are links to blobs
 * without an ending. */
static char *absolute(const char *path)
{
	char full[PATH_MAX];
	const char *base = str_base(path);

	if (*path == '/')
		return xstrdup(path);
	if (!*base || str_eq(base, ".") || str_eq(base, ".."))
		return xstrdup(realpath(path, full) ? full : path);
	char *dir = base > path ? xstrndup(path, (size_t)(base - path)) : xstrdup(".");
	char *out = realpath(dir, full) ? str_join_path(full, base) : xstrdup(path);
	free(dir);
	return out;
}

/* owner/name where the path tells, else the folder's or file's own. */
static const char *name_of(struct model_build *b, const char *path)
{
	char *hub = hub_name_of_path(path), full[PATH_MAX];
	const char *real = realpath(path, full) ? full : path;

	hub = hub ? hub : hub_name_of_path(real);
	const char *base = str_base(path);
	if (!*base || str_eq(base, ".") || str_eq(base, ".."))
		base = str_base(real);
	const char *name = arena_strdup(&b->arena, hub ? hub : base);
	free(hub);
	return name;
}

/* Every shard stays open: as many files as the system lets this process have. */
static void raise_file_limit(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

struct model *model_open(const char *path, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, raise_file_limit);

	struct model_build *b = xnew(struct model_build, 1);
	struct model *m = &b->m;

	arena_init(&b->arena);
	b->hashes = hash_cache_new();
	m->source.ops = &build_ops;
	atomic_init(&m->source.refs, 1);
	char *full = absolute(path);
	m->path = arena_strdup(&b->arena, full);
	free(full);
	m->source.label = arena_strdup(&b->arena, path);
	m->name = name_of(b, path);
	m->architecture = "unknown";
	m->layers = -1;
	m->tokenizer = (struct model_tokenizer){ .vocab_size = -1, .added = -1,
		.config_vocab_size = -1, .bos_id = -1, .eos_id = -1, .eos_generation = -1 };
	if (open_any(b, path, e) && finish(b, e))
		return m;
	model_unref(m);
	return NULL;
}
