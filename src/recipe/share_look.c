#include "config.h"
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "model/hub.h"
#include "recipe/publish.h"
#include "recipe/share.h"

/* The cache keeps large files under their SHA-256 and links to them; NULL: this is none. */
static char *linked_sha256(const char *path)
{
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof to - 1);
	const char *name;

	if (n <= 0)
		return NULL;
	to[n] = '\0';
	name = str_base(to);
	return strspn(name, "0123456789abcdef") == 64 && !name[64] ? xstrdup(name) : NULL;
}

static bool is_weights(const char *name)
{
	return is_weights_name(name) || (str_ends(name, ".gguf") && *name != '.');
}

static uint64_t size_of(const char *path)
{
	struct file_id id;

	return file_stat_id(path, &id) ? id.size : 0;
}

void share_files(struct share_input *in, const char *path)
{
	char *dir = file_folder(path), *hub = hub_name_of_path(path);
	size_t n = 0;
	char **names = hub ? file_list(dir, &n, NULL) : NULL;
	bool one = !file_is_dir(path);

	for (size_t i = 0; names && i < n; i++) {
		char *file = str_join_path(dir, names[i]);
		char *sha = is_weights(names[i]) && (!one || str_eq(names[i], str_base(path))) ?
			linked_sha256(file) : NULL;

		if (sha)
			*vec_push(&in->files) = (struct share_file){ xstrdup(names[i]),
				size_of(file), sha };
		free(file);
	}
	file_list_free(names, n);
	free(hub);
	free(dir);
}

/* --- what is here --- */

static enum share_state look_at_file(const struct share_file *f, const char *dir, char **detail)
{
	char *path = str_join_path(dir, str_base(f->name)), *sha = linked_sha256(path);
	uint64_t bytes = size_of(path);
	enum share_state s = SHARE_UNHASHED;

	if (bytes && f->bytes && bytes != f->bytes) {
		*detail = xasprintf("%s has %" PRIu64 " bytes, not %" PRIu64, f->name, bytes,
			f->bytes);
		s = SHARE_DIFFERENT;
	} else if (sha && f->sha256 && !str_eq(sha, f->sha256)) {
		*detail = xasprintf("the SHA-256 of %s is %.12s\342\200\246, not %.12s\342\200\246",
			f->name, sha, f->sha256);
		s = SHARE_DIFFERENT;
	} else if (sha && f->sha256) {
		s = SHARE_SAME;
	}
	free(sha);
	free(path);
	return s;
}

static enum share_state look_at_files(const struct share_input *in, const struct model *m,
	char **detail)
{
	enum share_state all = in->files.n ? SHARE_SAME : SHARE_UNHASHED;
	char *dir = file_folder(m->path);

	for (size_t i = 0; all != SHARE_DIFFERENT && i < in->files.n; i++) {
		enum share_state one = look_at_file(&in->files.v[i], dir, detail);

		if (one != SHARE_SAME)
			all = one;
	}
	free(dir);
	return all == SHARE_SAME && m->virtual ? SHARE_UNHASHED : all;
}

/* "3/7" of what the hub's cache has of it; NULL: nothing, or no part. */
static char *partial_in_cache(const struct share_input *in)
{
	char *cache = hub_cache_dir(), *name = xstrndup(in->name, strcspn(in->name, "@+"));
	char *dir = cache ? hub_snapshot(cache, name, in->revision) : NULL, *part = NULL, *out;
	size_t n = 0;
	char **names = NULL;

	if (cache && !dir && in->revision)
		dir = hub_snapshot(cache, name, NULL);
	if (dir && (names = file_list(dir, &n, NULL)) != NULL)
		part = folder_partial(dir, names, n);
	out = part && str_starts(part, "partial ") ? xstrdup(part + 8) : NULL;
	file_list_free(names, n);
	free(part);
	free(dir);
	free(name);
	free(cache);
	return out;
}

enum share_state share_look(const struct share_input *in, const struct model *m, char **detail)
{
	char hex[HASH_HEX_SIZE];
	struct hash h;

	*detail = NULL;
	if (in->made)
		return SHARE_MADE;
	if (!m) {
		*detail = partial_in_cache(in);
		return *detail ? SHARE_PARTIAL : SHARE_ABSENT;
	}
	if (m->partial) {
		*detail = xstrdup(str_starts(m->partial, "partial ") ? m->partial + 8 : m->partial);
		return SHARE_PARTIAL;
	}
	if (!in->hash || !model_hash(m, &h))
		return look_at_files(in, m, detail);
	hash_hex(h, hex);
	if (str_eq(hex, in->hash))
		return SHARE_SAME;
	*detail = xasprintf("its hash is %s, not %s", hex, in->hash);
	return SHARE_DIFFERENT;
}

static const struct share_input *share_input_of(const struct share *s,
	const struct recipe_ref_text *ref)
{
	for (size_t i = 0; i < s->inputs.n; i++)
		if (str_eq(s->inputs.v[i].name, ref->text) && !str_eq(s->inputs.v[i].role, "donor"))
			return &s->inputs.v[i];
	for (size_t i = 0; i < s->inputs.n; i++)
		if (str_eq(s->inputs.v[i].name, ref->text) ||
			str_eq(s->inputs.v[i].name, ref->path))
			return &s->inputs.v[i];
	return NULL;
}

/* --- findings --- */

/* What a shell takes as it is. */
static bool is_hub_name(const char *s)
{
	const char *slash = strchr(s, '/');

	if (!slash || slash == s || !slash[1] || strchr(slash + 1, '/') || !isalnum((uint8_t)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((uint8_t)*s) && !strchr("._-/", *s))
			return false;
	return true;
}

static char *how_to_fetch(const struct share_input *in)
{
	char *name = xstrndup(in->name, strcspn(in->name, "@+")), *out = NULL;
	bool plain = in->revision && !in->revision[strspn(in->revision,
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-")];

	if (is_hub_name(name))
		out = xasprintf("`hf download %s%s%s` fetches it", name,
			plain ? " --revision " : "", plain ? in->revision : "");
	free(name);
	return out;
}

static void say_input(const struct recipe *r, size_t i, const struct share_input *in,
	enum share_state state, const char *detail, struct findings *out)
{
	const struct recipe_ref_text *ref = recipe_input_ref(r, i);
	const char *path = recipe_source_of(r, i) < (int)r->n_models ? "models" : "base_model";
	char *fetch = how_to_fetch(in);

	switch (state) {
	case SHARE_SAME:
		findings_add(out, SEV_NOTE, &ref->mark, path, "shared-same", NULL,
			"%s is here, the same that the run read", ref->text);
		break;
	case SHARE_DIFFERENT:
		findings_add(out, SEV_WARNING, &ref->mark, path, "shared-different",
			fetch ? fetch : "the output will not be that of the run",
			"%s here is not what the run read: %s", ref->text, detail);
		break;
	case SHARE_UNHASHED:
		findings_add(out, SEV_NOTE, &ref->mark, path, "shared-unhashed",
			in->hash ? "`cupel lint --hash` reads all of it to tell" : NULL,
			in->hash ? "%s is here; whether it is what the run read is not known yet" :
			"%s is here; which one the run read was not recorded", ref->text);
		break;
	case SHARE_PARTIAL:
		findings_add(out, SEV_WARNING, &ref->mark, path, "shared-partial",
			fetch ? fetch : "finish the download", "of %s only %s is here", ref->text,
			detail);
		break;
	case SHARE_ABSENT:
		findings_add(out, SEV_NOTE, &ref->mark, path, "shared-absent",
			fetch ? fetch : "ask who made the run for it",
			"%s is not here; the run read the one with hash %s", ref->text,
			in->hash ? in->hash : "unknown");
		break;
	case SHARE_MADE:
		break;
	}
	free(fetch);
}

/* Whether a seed makes a difference, in any of the file's recipes. */
static bool draws(const struct recipe *r)
{
	for (size_t i = 0; i < r->documents; i++)
		if (!r->file[i]->method || r->file[i]->method->random)
			return true;
	return false;
}

static void say_seed(const struct share *s, uint64_t seed, struct findings *out)
{
	char *hint;

	if (!s->has_seed || s->seed == seed)
		return;
	hint = xasprintf("`--seed %" PRIu64 "`, or `seed: %" PRIu64 "` in the recipe, makes the "
		"run's", s->seed, s->seed);
	findings_add(out, SEV_WARNING, &(struct mark){ .line = 1, .column = 1 }, "seed",
		"shared-seed", hint, "the run had seed %" PRIu64 ", this recipe gets %" PRIu64,
		s->seed, seed);
	free(hint);
}

static void say_run(const struct share *s, const size_t *count, size_t n, struct findings *out)
{
	static const struct { enum share_state state; const char *words; } parts[] = {
		{ SHARE_SAME, "the same" }, { SHARE_DIFFERENT, "different" },
		{ SHARE_PARTIAL, "partial" }, { SHARE_ABSENT, "absent" },
		{ SHARE_UNHASHED, "here, not hashed" },
	};
	struct str list = STR_INIT;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (count[parts[i].state])
			str_addf(&list, "%s%zu %s", list.n ? ", " : "", count[parts[i].state],
				parts[i].words);
	findings_add(out, SEV_NOTE, &(struct mark){ .line = 1, .column = 1 }, "", "shared-run",
		s->results.n ? "`cupel import` brings its results into the catalog" : NULL,
		"a run of cupel %s%s%s; of its %zu input%s: %s; %zu result%s", s->version,
		s->output_hash ? ", output hash " : "", s->output_hash ? s->output_hash : "", n,
		n == 1 ? "" : "s", list.n ? list.s : "none is known", s->results.n,
		s->results.n == 1 ? "" : "s");
	str_fini(&list);
}

void share_lint(const struct recipe *r, struct model *const *models, size_t n,
	const uint64_t *seed, struct findings *out)
{
	size_t count[SHARE_MADE + 1] = { 0 }, known = 0;
	struct share s;

	if (!share_read(&s, r->text, r->text_n))
		return;
	for (size_t i = 0; i < n && i < recipe_inputs(r); i++) {
		const struct share_input *in = share_input_of(&s, recipe_input_ref(r, i));
		char *detail;
		enum share_state state;

		if (!in)
			continue;
		state = share_look(in, models[i], &detail);
		known += state != SHARE_MADE;
		count[state]++;
		say_input(r, i, in, state, detail, out);
		free(detail);
	}
	if (r->document == recipe_final(r)) {
		if (draws(r))
			say_seed(&s, seed ? *seed : r->has_seed ? r->seed : 0, out);
		say_run(&s, count, known, out);
	}
	share_fini(&s);
}
