#include "fixture.h"
#include <sys/stat.h>
#include <unistd.h>
#include "base/vec.h"

static struct fixture fx;
static const char weights[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
static const char weights_b[] = "{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";

static void link_to(const char *target, const char *name)
{
	char *path = fixture_path(&fx, name);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

/* A hub cache, the folders of three other programs, and a home to look from. */
static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	char *p;
	static const char *const unset[] = { "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "LLAMA_CACHE",
		"OLLAMA_MODELS" };
	for (int i = 0; i < 4; i++)
		unsetenv(unset[i]);
	setenv("HOME", p = str_join_path(fx.dir, "home"), 1);
	free(p);
	setenv("HF_HOME", p = str_join_path(fx.dir, "hf"), 1);
	free(p);
#define HUB "hf/hub/models--owner--name/"
	fixture_safetensors(&fx, HUB "blobs/1111", weights, 4);
	fixture_safetensors(&fx, HUB "blobs/2222", weights_b, 4);
	fixture_text(&fx, HUB "refs/main", "aaaa1111bbbb\n");
	link_to("../../blobs/1111", HUB "snapshots/aaaa1111bbbb/model.safetensors");
	fixture_text(&fx, HUB "snapshots/aaaa1111bbbb/config.json", "{\"model_type\":\"llama\"}");
	link_to("../../blobs/1111",
		HUB "snapshots/cccc2222dddd/model.safetensors"); /* the same weights */
	fixture_text(&fx, HUB "snapshots/cccc2222dddd/config.json", "{}");
	link_to("../../blobs/2222", HUB "snapshots/eeee3333ffff/model.safetensors");
	fixture_text(&fx, HUB "snapshots/eeee3333ffff/config.json", "{}");
	fixture_text(&fx, HUB "refs/v2", "eeee3333ffff");
#define HALF "hf/hub/models--owner--half/"
	fixture_text(&fx, HALF "refs/main", "0123");
	fixture_text(&fx, HALF "snapshots/0123/config.json", "{}");
	fixture_safetensors(
		&fx, HALF "snapshots/0123/model-00001-of-00003.safetensors", weights, 4);
	fixture_text(&fx, HALF "blobs/9999.incomplete", "");
	fixture_text(&fx, "hf/hub/datasets--a--b/snapshots/1/model.safetensors", "no model");
	fixture_text(&fx, "home/.lmstudio/models/pub/repo/m-Q4_K_M.gguf", "GGUF");
	fixture_text(&fx, "home/.lmstudio/models/pub/repo/mmproj-m.gguf", "GGUF");
	fixture_text(&fx, "llama.cpp/owner_m-00001-of-00002.gguf", "GGUF");
	fixture_text(&fx, "home/.ollama/models/manifests/some.host/library/tiny/1b",
		"{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.template\",\"digest\":"
		"\"sha256:00\"},{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":"
		"\"sha256:ff\"}]}");
	fixture_text(&fx, "home/.ollama/models/blobs/sha256-ff", "GGUF");
	/* where we stand */
	fixture_safetensors(&fx, "work/mine/model.safetensors", weights, 4);
	fixture_text(
		&fx, "work/mine/config.json", "{\"quantization\":{\"group_size\":64,\"bits\":4}}");
	fixture_safetensors(&fx, "work/loose.safetensors", weights, 4);
	fixture_safetensors(&fx, "work/.hidden/model.safetensors", weights, 4);
	fixture_safetensors(&fx, "work/1/2/3/4/deep.safetensors", weights, 4);
	link_to("../loose.safetensors", "work/again/other-name.safetensors");
	link_to("..", "work/mine/loop");
	p = str_join_path(fx.dir, "work");
	assert_int_equal(chdir(p), 0);
	free(p);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	fixture_fini(&fx);
	return 0;
}

struct found {
	vec(char *) lines;
};

static void on_found(void *ctx, const struct model_found *f)
{
	static const char *const formats[] = { "safetensors", "hf", "gguf", "mlx" };
	struct found *x = ctx;
	*vec_push(&x->lines) = xasprintf("%s %s %d%s%s", f->name, formats[f->format], (int)f->bytes,
		f->partial ? " " : "", f->partial ? f->partial : "");
}

static void test_scan(void **state)
{
	(void)state;
	struct found x = { .lines.n = 0 };
	static const char *const want[] = {
		"loose.safetensors safetensors 65", /* the link to it is no second model */
		"mine mlx 65",
		"owner/half hf 65 partial 1/3",
		"owner/name hf 65",
		"owner/name@eeee3333 hf 65",
		"pub/repo/m-Q4_K_M.gguf gguf 4",
		"owner_m-00001-of-00002.gguf gguf 4 partial 1/2",
		"tiny:1b gguf 4",
	};
	size_t n = sizeof want / sizeof *want;
	struct model_roots *r = model_roots_new(NULL, 0);
	model_scan(r, on_found, &x, NULL);
	for (size_t i = 0; i < n; i++) {
		bool there = false;
		for (size_t k = 0; k < x.lines.n; k++)
			there |= str_eq(x.lines.v[k], want[i]);
		if (!there)
			fail_msg("not found: %s", want[i]);
	}
	for (size_t k = 0; k < x.lines.n; k++) {
		if (x.lines.n != n)
			print_message("%s\n", x.lines.v[k]);
		free(x.lines.v[k]);
	}
	assert_int_equal(x.lines.n, n);
	vec_fini(&x.lines);

	/* a stop is obeyed; given roots stand alone */
	atomic_bool stop = true;
	model_scan(r, on_found, &x, &stop);
	assert_int_equal(x.lines.n, 0);
	model_roots_free(r);
	r = model_roots_new((const char *const[]){ "1", "absent" }, 2);
	model_scan(r, on_found, &x, NULL);
	assert_int_equal(x.lines.n, 1);
	assert_true(str_starts(x.lines.v[0], "2/3/4/deep.safetensors"));
	free(x.lines.v[0]);
	vec_fini(&x.lines);
	model_roots_free(r);
}

/* A home folder is not walked. */
static void test_scan_home(void **state)
{
	(void)state;
	struct found x = { .lines.n = 0 };
	char *home = str_join_path(fx.dir, "work"), *old = xstrdup(getenv("HOME"));
	setenv("HOME", home, 1);
	struct model_roots *r = model_roots_new(NULL, 0);
	model_scan(r, on_found, &x, NULL);
	for (size_t k = 0; k < x.lines.n; k++) {
		assert_false(str_starts(x.lines.v[k], "mine"));
		free(x.lines.v[k]);
	}
	vec_fini(&x.lines);
	model_roots_free(r);
	setenv("HOME", old, 1);
	free(home);
	free(old);
}

static char *alias(void *ctx, const char *name)
{
	return str_eq(name, "nick") ? xstrdup(ctx) : NULL;
}

static void resolves(const char *name, const char *near_dir, const char *want)
{
	struct err e;
	struct model_roots *r = model_roots_new(NULL, 0);
	err_clear(&e);
	char *path =
		model_resolve(r, name, near_dir, alias, (void *)(uintptr_t) "/catalog/path", &e);
	if (!path)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	if (!str_ends(path, want))
		fail_msg("%s: %s", name, path);
	free(path);
	model_roots_free(r);
}

static void does_not(const char *name, const char *what, const char *hint)
{
	struct err e;
	struct model_roots *r = model_roots_new(NULL, 0);
	err_clear(&e);
	char *path = model_resolve(r, name, NULL, alias, NULL, &e);
	if (path)
		fail_msg("%s: %s", name, path);
	assert_string_equal(e.where, name);
	if (!strstr(e.what, what) || !strstr(e.hint, hint))
		fail_msg("%s: %s; %s", name, e.what, e.hint);
	model_roots_free(r);
}

static void test_resolve(void **state)
{
	(void)state;
	char *work = str_join_path(fx.dir, "work");
	resolves("mine", NULL, "mine");
	resolves("./mine", NULL, "./mine");
	resolves("loose.safetensors", NULL, "loose.safetensors");
	resolves("nick", NULL, "/catalog/path");
	resolves("owner/name", NULL, "models--owner--name/snapshots/aaaa1111bbbb");
	resolves("owner/name@v2", NULL, "snapshots/eeee3333ffff");
	resolves("owner/name@cccc2", NULL, "snapshots/cccc2222dddd");
	resolves("pub/repo", NULL, ".lmstudio/models/pub/repo");
	resolves("tiny:1b", NULL, "blobs/sha256-ff");
	assert_int_equal(chdir("/"), 0);
	resolves("mine", work, "work/mine");
	resolves("./mine", work, "work/./mine");
	does_not("mine", "no such model in the working directory", "--root");
	assert_int_equal(chdir(work), 0);
	does_not("owner/none", "no such model in", "hf download owner/none");
	does_not("owner/name@nope", "no such model in", "hf download owner/name --revision nope");
	does_not("owner/half", "half-downloaded: partial 1/3", "hf download owner/half");
	does_not("/absent", "no such file or folder", "check the path");
	does_not("../../x/../..//hf", "no such file", "check");
	/* a folder without a model is no hit */
	does_not("1", "no such model", "--root");
	free(work);
}

static void test_names(void **state)
{
	(void)state;
	struct model *m = fixture_open(&fx, HUB "snapshots/aaaa1111bbbb");
	assert_string_equal(m->name, "owner/name");
	model_unref(m);
	m = fixture_open(&fx, "work/mine/");
	assert_string_equal(m->name, "mine");
	model_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_home),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
