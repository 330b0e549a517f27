#include "cli/verb.h"

#include "quant/preset.h"
#include "tensor/dtype.h"

static const char *const kinds[] = {
	[DTYPE_FLOAT] = "float",
	[DTYPE_INT] = "integer",
	[DTYPE_QUANT] = "quantized",
	[DTYPE_OTHER] = "other",
};

static void print_json(void)
{
	json_t *list = json_array(), *j;

	for (int t = 0; t < DT_UNKNOWN; t++) {
		const struct dtype_info *i = dtype_info((enum dtype)t);

		j = json_object();
		json_object_set_new(j, "name", json_textn(i->name));
		json_object_set_new(j, "kind", json_textn(kinds[i->kind]));
		json_object_set_new(j, "bits", json_number(8.0 * i->bytes / i->block));
		json_object_set_new(j, "block", json_integer(i->block));
		json_object_set_new(j, "block_bytes", json_integer(i->bytes));
		json_object_set_new(j, "safetensors", json_textn(i->st_name));
		json_object_set_new(j, "gguf", i->ggml >= 0 ? json_integer(i->ggml) : json_null());
		json_object_set_new(j, "reads", json_boolean(i->decode != NULL));
		json_object_set_new(j, "writes", json_boolean(i->encode != NULL));
		json_array_append_new(list, j);
	}
	json_print(list);
	json_decref(list);
}

static int presets(bool json)
{
	static const char *const headers[] = { "PRESET", "WRITES", "WHAT" };
	json_t *list = json_array();
	struct table_out *t = json ? NULL : table_new(headers, 3);
	enum quant_container c;
	const char *name, *help;

	for (size_t i = 0; quant_preset_at(i, &name, &c, &help); i++) {
		struct quant_preset p;
		struct err e = { 0 };
		bool writes = quant_preset_parse(name, &p, &e) &&
			quant_type_writable(p.base, p.container);

		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "name", name,
			"container", quant_container_name(c), "writes", writes, "help", help));
		if (t)
			table_row(t, (const char *[]){ name,
				!writes ? "" : c == QUANT_GGUF ? "GGUF" : "MLX", help });
	}
	if (t)
		table_print(t);
	else
		json_print(list);
	json_decref(list);
	return 0;
}

static int run(struct cli *c, struct err *e)
{
	static const char *const headers[] = { "TYPE", "KIND", ">BITS", ">BLOCK", ">BYTES",
		"SAFETENSORS", ">GGUF", "READS", "WRITES" };
	char bits[16], block[16], bytes[16], gguf[16];
	struct table_out *t;

	(void)e;
	if (cli_option(c, "--presets"))
		return presets(c->json);
	if (c->json) {
		print_json();
		return 0;
	}
	t = table_new(headers, 9);
	for (int k = 0; k < DT_UNKNOWN; k++) {
		const struct dtype_info *i = dtype_info((enum dtype)k);

		snprintf(bits, sizeof bits, "%.4g", 8.0 * i->bytes / i->block);
		snprintf(block, sizeof block, "%u", i->block);
		snprintf(bytes, sizeof bytes, "%u", i->bytes);
		gguf[0] = '\0';
		if (i->ggml >= 0)
			snprintf(gguf, sizeof gguf, "%d", i->ggml);
		table_row(t, (const char *[]){ i->name, kinds[i->kind], bits, block, bytes,
			i->st_name ? i->st_name : "", gguf, i->decode ? "yes" : "",
			i->encode ? "yes" : "" });
	}
	table_print(t);
	return 0;
}

static const struct verb_option options[] = {
	{ "--presets", NULL, false, "the presets of a quantization instead" },
	{ 0 },
};
const struct verb verb_types = {
	.name = "types",
	.help = "list the number formats: bits, blocks, what can be read and written",
	.detail = "BITS are per weight, scales included. A type that is not read is known by name "
		"and size alone: its tensors are listed and copied. Tensors of MLX folders are "
		"groups of 32, 64 or 128 codes of 2, 3, 4, 5, 6 or 8 bits with a scale and a bias, "
		"read as well.",
	.options = options,
	.run = run,
};
