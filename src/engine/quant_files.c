#include "config.h"
#include "engine/quant_files.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/config_text.h"
#include "engine/output.h"

#define TEXT_MAX ((size_t)256 << 20)

static void add_text(struct quant_files *f, const char *name, struct str *s)
{
	size_t n = s->n;
	char *text = str_steal(s);

	*vec_push(&f->v) = (struct quantize_file){ .name = name, .bytes = text, .n = n };
}

/* --- config.json --- */

/* Its text where it stands in a file as it is, so that all else stays as Python wrote it. */
static char *config_text(const struct model *m, size_t *n, struct err *e)
{
	char *dir = file_folder(m->path), *path = str_join_path(dir, "config.json"), *text = NULL;
	struct str s = STR_INIT;

	if (!m->virtual && m->format != MODEL_GGUF && file_exists(path)) {
		text = file_read_all(path, TEXT_MAX, n, e);
	} else if (m->config) {
		json_add(&s, m->config, 2);
		*n = s.n;
		text = str_steal(&s);
	} else {
		err_set(e, ERR_INPUT, m->source.label, "quantize from a model folder",
			"it has no config.json, and an MLX folder needs one");
	}
	free(path);
	free(dir);
	return text;
}

/* Two more keys before the last brace. */
static bool add_config(struct quant_files *f, const struct quant_plan *p, struct err *e)
{
	size_t n = 0, end;
	char *text = config_text(p->targets->model, &n, e), *edited;
	const char *dtype = dtype_torch_name(p->targets->floats);
	json_t *q = quant_mlx_config(p);
	struct str s = STR_INIT;

	edited = text ? config_with_dtype(text, n, dtype ? dtype : "bfloat16") : NULL;
	if (text && !edited)
		err_set(e, ERR_INPUT, p->targets->model->source.label, NULL,
			"its config.json is no JSON object");
	free(text);
	if (!edited) {
		json_decref(q);
		return false;
	}
	end = strlen(edited);
	while (end && edited[end - 1] != '}')
		end--;
	end -= end > 0;
	while (end && strchr(" \t\r\n", edited[end - 1]))
		end--;
	str_addn(&s, edited, end);
	for (int i = 0; i < 2; i++) {
		str_addf(&s, "%s\n  \"%s\": ", end && s.s[s.n - 1] == '{' ? "" : ",",
			i ? "quantization_config" : "quantization");
		json_add(&s, q, 0);
	}
	str_add(&s, "\n}\n");
	free(edited);
	json_decref(q);
	add_text(f, "config.json", &s);
	return true;
}

/* --- the card --- */

static void add_card(struct quant_files *f, const struct quant_plan *p, const char *name)
{
	const struct model *m = p->targets->model;
	struct str s = STR_INIT;

	str_add(&s, "---\nlibrary_name: mlx\ntags:\n- mlx\n- cupel\n"
		"pipeline_tag: text-generation\n");
	if (m->name && strchr(m->name, '/') && *m->name != '/')
		str_addf(&s, "base_model: %s\nbase_model_relation: quantized\n", m->name);
	str_add(&s, "---\n# ");
	str_add_safe(&s, name, strlen(name));
	str_addf(&s, "\n\n%s, quantized by cupel %s: %s, %.3f bits per weight.\n\n## Plan\n\n"
		"```yaml\n", m->name ? m->name : "A model", PACKAGE_VERSION, p->spec->preset.name,
		p->bits_per_weight);
	str_addn(&s, p->spec->text, p->spec->text_n);
	if (s.s[s.n - 1] != '\n')
		str_addc(&s, '\n');
	str_add(&s, "```\n");
	add_text(f, "README.md", &s);
}

/* --- cupel.json --- */

static void add_list(struct quant_files *f, const struct quant_plan *p,
	const struct quant_layout *l)
{
	json_t *j = json_object(), *files = json_object();
	char hex[HASH_HEX_SIZE];
	struct str s = STR_INIT;

	hash_hex(quant_spec_hash(p->spec), hex);
	json_object_set_new(j, "cupel", json_string(PACKAGE_VERSION));
	json_object_set_new(j, "kind", json_string("quantize"));
	json_object_set_new(j, "plan", json_string(hex));
	json_object_set_new(j, "preset", json_string(p->spec->preset.name));
	if (!p->targets->model->virtual && p->targets->model->name)
		json_object_set_new(j, "inputs", json_pack("[{s:o, s:s}]", "name",
			json_textn(p->targets->model->name), "role", "input"));
	for (size_t i = 0; i < l->n_files; i++)
		json_object_set_new(files, l->files[i].name, json_u64(l->files[i].bytes));
	if (l->index)
		json_object_set_new(files, "model.safetensors.index.json",
			json_u64(strlen(l->index)));
	for (size_t i = 0; i < f->v.n; i++) {
		struct file_id id = { .size = f->v.v[i].n };

		if (!f->v.v[i].bytes)
			file_stat_id(f->v.v[i].path, &id);
		json_object_set_new(files, f->v.v[i].name, json_u64(id.size));
	}
	json_object_set_new(j, "files", files);
	json_add(&s, j, 1);
	str_addc(&s, '\n');
	json_decref(j);
	add_text(f, "cupel.json", &s);
}

bool quant_files_make(const struct quant_plan *p, const struct quant_layout *l, const char *name,
	struct quant_files *out, struct err *e)
{
	char *dir = file_folder(p->targets->model->path);

	*out = (struct quant_files){ 0 };
	for (size_t i = 0; donor_files[i]; i++) {
		char *path = str_join_path(dir, donor_files[i]);

		if (p->targets->model->format != MODEL_GGUF && file_exists(path))
			*vec_push(&out->v) = (struct quantize_file){ .name = donor_files[i],
				.path = path };
		else
			free(path);
	}
	free(dir);
	if (!add_config(out, p, e)) {
		quant_files_fini(out);
		return false;
	}
	add_card(out, p, name);
	add_list(out, p, l);
	return true;
}

void quant_files_fini(struct quant_files *f)
{
	for (size_t i = 0; i < f->v.n; i++) {
		free((char *)f->v.v[i].bytes);
		free((char *)f->v.v[i].path);
	}
	vec_fini(&f->v);
}
