/* card: what a model card says, as data: where the model comes from, how it was made, which tables
 * and statements stand there; its figures are facts of the import_file it belongs to (import.h).
 * Made by the reader of cards, owned by the import_file. Every part has the line of the file, from
 * 1; text is UTF-8, safe to print. One thread per file. */
#ifndef CUPEL_IMPORT_CARD_H
#define CUPEL_IMPORT_CARD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hash.h"
#include "base/json.h"

struct card_parent {
	char *name;                /* "owner/name" as stated */
	char *relation;            /* base merge quantized finetune adapter */
	int64_t line;
	double weight;             /* of the recipe where it is one number, else NaN */
};
/* kinds:
 *	scores       rows of tasks or variants that also arrived as facts
 *	swap         NearSwap's t: columns t, full (share of 1), note
 *	sensitivity  groups: group, tensors, delta_percent, bytes_saved, verdict
 *	quants, parameters, steps, other */
struct card_table {
	char *kind, *title;        /* title: the heading above, or NULL */
	int64_t line;
	json_t *columns;           /* array of texts */
	/* array of {"line": N, "cells": [number, text or null …]}; a cell that was stated as text
	 * with a number in it is the number, its unit in the column or in "units": [...] */
	json_t *rows;
};
/* A statement that a figure could contradict. kind: a row of claims.def; what: an object whose
 * members that row describes. */
struct card_claim {
	const char *kind;          /* constant */
	int64_t line;
	char *text;                /* the words of it */
	json_t *what;
};
struct card {
	char *text;                /* whole, repaired */
	size_t n;
	size_t repaired;           /* pieces of mojibake that were put right */
	bool rendered;             /* a browser's text, not Markdown */
	char hash[HASH_HEX_SIZE];  /* of the file's bytes */
	char *name;                /* the model: also import_file.model */
	char *license, *library, *pipeline; /* NULL: not said */
	json_t *tags, *languages;  /* arrays */
	struct { struct card_parent *v; size_t n, cap; } parents;
	char *recipe;              /* YAML as it stands there, or NULL */
	int64_t recipe_line;       /* of its first line */
	/* {container, type, bits, group, head_bits, bits_per_weight, bytes, from} as far as said */
	json_t *quantization;
	/* {parameters, active_parameters, layers, experts, experts_used, context, …} as far as
	 * said; each {"value": N, "line": N, "text": "…"} */
	json_t *facts;
	struct { struct card_table *v; size_t n, cap; } tables;
	struct { struct card_claim *v; size_t n, cap; } claims;
};
void card_free(struct card *c);
#endif
