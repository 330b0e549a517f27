/* The fields of filters: fixed ones, keys of recipes, tasks and metrics of scores. */
#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/xalloc.h"
#include "catalog/db.h"
#include "catalog/filter_in.h"
#include "catalog/task.h"
#include "merge/method.h"

/* How a value is looked for. PREFIX, PART: in the column, case aside. */
enum match { WORD, PREFIX, PART, INPUT, NOTE, SEED, CHOICE, NUMBER };

#define OUTPUT_BITS "(SELECT m.bits FROM model m WHERE m.run = r.id OR (m.run IS NULL AND " \
	"m.path = r.output) ORDER BY m.run IS NULL LIMIT 1)"

static const struct field {
	const char *name, *other; /* other: a second name, or NULL */
	enum match match;
	enum filter_unit unit;
	const char *sql;
	const char *example, *help;
} fields[] = {
	{ "tag", "tags", WORD, 0, NULL, "tag:keep", "a tag" },
	{ "method", NULL, PREFIX, 0, "r.method", "method:nearswap", "how it merged" },
	{ "name", NULL, PART, 0, "r.name", "name:agent", "part of the run's name" },
	{ "status", NULL, PREFIX, 0, "r.status", "status:done",
		"running, done, failed, cancelled, stopped" },
	{ "kind", "what", PREFIX, 0, "r.kind", "kind:merge", "merge, quantize, eval ..." },
	{ "started", "when", NUMBER, UNIT_DATE, "r.started", "started<3d",
		"a date (2026-11-01, 2026-11, today), or so long ago (3d, 12h, 2w)" },
	{ "seconds", "time", NUMBER, UNIT_SECONDS, "r.seconds", "seconds>2m", "how long it took" },
	{ "size", "bytes", NUMBER, UNIT_SIZE, "nullif(r.bytes, 0)", "size<4G", "bytes it wrote" },
	{ "bits", NULL, NUMBER, UNIT_PLAIN, OUTPUT_BITS, "bits<5", "per weight of what it wrote" },
	{ "tensors", NULL, NUMBER, UNIT_PLAIN, "nullif(r.tensors, 0)", "tensors>300",
		"that it wrote" },
	{ "seed", NULL, SEED, 0, "r.seed", "seed:7", "of its random masks" },
	{ "disk", NULL, CHOICE, 0, NULL, "disk:yes", "is the output still there: yes, no" },
	{ "output", NULL, PART, 0, "r.output", "output:agent3", "part of where it was written" },
	{ "input", NULL, INPUT, 0, NULL, "input:granite",
		"part of an input's name, or the beginning of its hash" },
	{ "note", NULL, NOTE, 0, NULL, "note:stutters", "part of a note" },
	{ "recipe", NULL, PREFIX, 0, "(SELECT p.hash FROM recipe p WHERE p.id = r.recipe)",
		"recipe:3f2a", "beginning of the recipe's hash" },
	{ "hash", NULL, PREFIX, 0, "r.output_hash", "hash:9c01", "beginning of the output's hash" },
	{ "from", "parent", NUMBER, UNIT_PLAIN, "r.parent", "from:41",
		"the run it was branched or replayed from" },
	{ "id", NULL, NUMBER, UNIT_PLAIN, "r.id", "id:41", "its number, or a range: 30..41" },
	{ "archived", NULL, CHOICE, 0, NULL, "archived:all",
		"yes, no, all; without it those are left out" },
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static const struct { const char *field, *value, *sql; } choices[] = {
	{ "archived", "yes", "r.archived" }, { "archived", "no", "NOT r.archived" },
	{ "archived", "all", "1" },
	{ "disk", "yes", "(r.status = 'done' AND on_disk(r.output))" },
	{ "disk", "no", "(r.status = 'done' AND r.output IS NOT NULL AND NOT on_disk(r.output))" },
};
#define N_CHOICES (sizeof choices / sizeof *choices)

bool filter_help_at(size_t i, struct filter_help *h)
{
	if (i < N_FIELDS)
		*h = (struct filter_help){ fields[i].name, fields[i].example, fields[i].help };
	return i < N_FIELDS;
}

/* --- text --- */

static bool add_choice(struct filter *f, const struct filter_term *t, const char *field,
	struct err *e)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < N_CHOICES; i++)
		if (str_eq(choices[i].field, field) && str_eq(choices[i].value, t->value) &&
			t->relation <= REL_NE) {
			str_addf(&f->where, "%s(%s)", t->relation == REL_NE ? "NOT " : "",
				choices[i].sql);
			return true;
		}
	for (size_t i = 0; i < N_CHOICES; i++)
		if (str_eq(choices[i].field, field))
			str_addf(&all, "%s%s:%s", all.n ? ", " : "", field, choices[i].value);
	err_set(e, ERR_USAGE, "filter", all.s, "%s%s%.60s is none of its values", t->field,
		filter_relation_text(t->relation), t->value);
	str_fini(&all);
	return false;
}

/* A condition on one text: a part or beginning of it for ":", all of it for "=". */
static void add_text(struct filter *f, const char *column, const char *value, bool whole,
	bool part)
{
	if (whole) {
		str_addf(&f->where, "lower(coalesce(%s, '')) = lower(?)", column);
	} else if (part) {
		str_addf(&f->where, "instr(lower(coalesce(%s, '')), lower(?)) > 0", column);
	} else {
		str_addf(&f->where, "lower(substr(coalesce(%s, ''), 1, length(?))) = lower(?)",
			column);
		filter_add_value(f, value);
	}
	filter_add_value(f, value);
}

static bool add_words(struct filter *f, const struct field *field, const struct filter_term *t,
	struct err *e)
{
	bool whole = t->relation != REL_HAS;

	if (t->relation > REL_NE)
		return err_set(e, ERR_USAGE, "filter", "use : or = or !=",
			"%s is text, which is not less or more", field->name);
	str_add(&f->where, t->relation == REL_NE ? "NOT (" : "(");
	switch (field->match) {
	case WORD:
		str_add(&f->where, "r.id IN (SELECT run FROM tag WHERE tag = ? COLLATE NOCASE)");
		filter_add_value(f, t->value);
		break;
	case INPUT:
		str_add(&f->where, "EXISTS (SELECT 1 FROM run_input i WHERE i.run = r.id AND (");
		add_text(f, "i.name", t->value, whole, true);
		str_add(&f->where, " OR ");
		add_text(f, "i.hash", t->value, whole, false);
		str_add(&f->where, "))");
		break;
	case NOTE:
		str_add(&f->where, "EXISTS (SELECT 1 FROM note n WHERE n.run = r.id AND ");
		add_text(f, "n.text", t->value, whole, true);
		str_addc(&f->where, ')');
		break;
	default:
		add_text(f, field->sql, t->value, whole, field->match == PART);
	}
	str_addc(&f->where, ')');
	return true;
}

/* --- numbers --- */

/* Seeds are unsigned 64-bit numbers, kept as signed ones: equal by all their bits. */
static bool add_seed(struct filter *f, const struct filter_term *t, struct err *e)
{
	struct filter_span s;
	char *end;
	uint64_t seed = strtoull(t->value, &end, 10);

	if (isdigit((unsigned char)t->value[0]) && !*end && t->relation <= REL_NE) {
		str_addf(&f->where, "(r.seed %s %lld)", t->relation == REL_NE ? "<>" : "=",
			(long long)seed);
		return true;
	}
	if (!filter_span(&s, t, UNIT_PLAIN, e))
		return false;
	filter_add_span(&f->where, "(r.seed + iif(r.seed < 0, 18446744073709551616.0, 0))", &s,
		t->relation, UNIT_PLAIN);
	return true;
}

static bool add_number(struct filter *f, const struct field *field, const struct filter_term *t,
	struct err *e)
{
	struct filter_span s;

	if (!filter_span(&s, t, field->unit, e))
		return false;
	filter_add_span(&f->where, field->sql, &s, t->relation, field->unit);
	return true;
}

/* != : it has the key, and with no such number. */
static bool add_key(struct filter *f, const char *key, const struct filter_term *t, struct err *e)
{
	bool not = t->relation == REL_NE;
	struct filter_span s;

	if (!filter_span(&s, t, UNIT_PLAIN, e))
		return false;
	if (not) {
		str_add(&f->where, "(r.recipe IN (SELECT v.recipe FROM recipe_value v "
			"WHERE v.key = ?) AND NOT ");
		filter_add_value(f, key);
	}
	str_add(&f->where,
		"r.recipe IN (SELECT v.recipe FROM recipe_value v "
		"WHERE v.key = ? AND ");
	filter_add_value(f, key);
	filter_add_span(&f->where, "v.value", &s, not ? REL_EQ : t->relation, UNIT_PLAIN);
	str_add(&f->where, not ? "))" : ")");
	return true;
}

/* --- scores --- */

/* Every task, found without reading every score. */
#define TASKS "(WITH RECURSIVE t (x) AS (SELECT min(task) FROM score UNION ALL SELECT (SELECT " \
	"min(task) FROM score WHERE task > x) FROM t WHERE x IS NOT NULL) " \
	"SELECT x FROM t WHERE x IS NOT NULL)"

struct asked_score {
	const char *task, *metric; /* either may be NULL */
	const struct filter_span *span;
	enum filter_relation relation;
	bool points;               /* 45 is .45 where the metric is a share */
};

static void add_score_condition(struct filter *f, const struct asked_score *a)
{
	struct str value = STR_INIT;

	if (a->task) {
		str_add(&f->where, "s.task = ? AND ");
		filter_add_value(f, a->task);
	} else {
		str_add(&f->where, "s.task IN " TASKS " AND ");
	}
	if (a->metric) {
		str_add(&f->where, "s.metric = ? AND ");
		filter_add_value(f, a->metric);
	}
	if (a->points) {
		str_add(&value, "s.value * iif(s.metric IN (");
		for (size_t i = 0; task_share_metrics[i]; i++)
			str_addf(&value, "%s'%s'", i ? ", " : "", task_share_metrics[i]);
		str_add(&value, "), 100, 1)");
	}
	str_add(&f->where, "NOT s.estimated AND ");
	filter_add_span(&f->where, a->points ? value.s : "s.value", a->span, a->relation,
		UNIT_PLAIN);
	str_fini(&value);
}

/* Of the run itself, or of the model that it wrote. */
static bool add_score(struct filter *f, const char *task, const char *metric,
	const struct filter_term *t, struct err *e)
{
	static const char *const whose[] = {
		"SELECT s.run FROM score s WHERE s.run IS NOT NULL AND ",
		(" UNION ALL SELECT o.id FROM score s JOIN model m ON m.id = s.model JOIN run o ON "
			"o.output = m.path WHERE o.status = 'done' AND " DB_OF_THESE_WEIGHTS
			" AND "),
		(" UNION ALL SELECT o.id FROM score s JOIN model m ON m.id = s.model JOIN run o ON "
			"o.id = m.run WHERE o.output IS NOT m.path AND "), /* it was moved */
	};
	struct filter_span s;
	struct asked_score a = { task, metric, &s, t->relation, false };

	if (!filter_span(&s, t, UNIT_PLAIN, e))
		return false;
	/* As many digits as were typed are compared: .45 is .4512 too. */
	if (t->relation <= REL_NE) {
		s.begin -= s.digit;
		s.end += s.digit;
		s.half_open = s.digit > 0;
	}
	a.points = !s.percent && ((s.begin > 1 && s.begin < 1e299) || (s.end > 1 && s.end < 1e299));
	str_add(&f->where, "r.id IN (");
	for (size_t i = 0; i < sizeof whose / sizeof *whose; i++) {
		str_add(&f->where, whose[i]);
		add_score_condition(f, &a);
	}
	str_addc(&f->where, ')');
	return true;
}

/* --- names --- */

static const struct { const char *name, *metric; } metric_names[] = {
	{ "ppl", "perplexity" }, { "perplexity", "perplexity" }, { "kld", "kl_divergence" },
};

static const struct filter_names *asked_names(struct filter_asked *a)
{
	static const struct filter_names none;

	if (!a->got)
		a->got = a->ask ? a->ask(a->ctx) : &none;
	return a->got;
}

static const char *among(char *const *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(v[i], name) == 0)
			return v[i];
	return NULL;
}

static bool is_parameter(const char *name)
{
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *m = method_at(i);

		for (size_t k = 0; k < m->n_params; k++)
			if (str_eq(m->params[k].name, name))
				return true;
	}
	return false;
}

static const char *known_task(const struct filter_names *n, const char *name)
{
	const struct task *t;
	const char *found = among(n->tasks.v, n->tasks.n, name), *begins = NULL;

	if (!found && (t = task_find(name)))
		found = t->name;
	for (size_t i = 0; i < n->tasks.n && !found; i++)
		if (strncasecmp(n->tasks.v[i], name, strlen(name)) == 0) {
			if (begins)
				return NULL;
			begins = n->tasks.v[i];
		}
	return found ? found : begins;
}

static bool unknown_field(const char *name, const struct filter_names *n, struct err *e)
{
	size_t count = N_FIELDS + n->keys.n + n->tasks.n + n->metrics.n, at = 0;
	const char **names = xnew(const char *, count), *near;
	struct str hint = STR_INIT;

	for (size_t i = 0; i < N_FIELDS; i++)
		names[at++] = fields[i].name;
	for (size_t i = 0; i < n->keys.n; i++)
		names[at++] = n->keys.v[i];
	for (size_t i = 0; i < n->tasks.n; i++)
		names[at++] = n->tasks.v[i];
	for (size_t i = 0; i < n->metrics.n; i++)
		names[at++] = n->metrics.v[i];
	near = str_nearest(name, names, count);
	for (size_t i = 0; i < n->tasks.n; i++)
		if (strncasecmp(n->tasks.v[i], name, strlen(name)) == 0)
			str_addf(&hint, "%s%s", hint.n ? " or " : "did you mean ", n->tasks.v[i]);
	if (!hint.n && near)
		str_addf(&hint, "did you mean %s", near);
	if (hint.n)
		str_addc(&hint, '?');
	else {
		str_add(&hint, "fields are");
		for (size_t i = 0; i < N_FIELDS; i++)
			str_addf(&hint, " %s", names[i]);
		str_add(&hint, ", keys of recipes and tasks");
	}
	str_add(&hint, hint.s[hint.n - 1] == '?' ? " Text" : "; text");
	str_add(&hint, " with : = < or > goes in double quotes");
	err_set(e, ERR_USAGE, "filter", hint.s, "no field %.60s", name);
	str_fini(&hint);
	free(names);
	return false;
}

/* What no fixed field is called: a key of recipes, a task, a metric, TASK.METRIC. */
static bool add_named(struct filter *f, const char *name, const struct filter_term *t,
	struct filter_asked *names, struct err *e)
{
	const struct filter_names *n = asked_names(names);
	const char *dot = strrchr(name, '.'), *task, *metric;

	if (among(n->keys.v, n->keys.n, name))
		return add_key(f, name, t, e);
	metric = among(n->metrics.v, n->metrics.n, name);
	for (size_t i = 0; i < sizeof metric_names / sizeof *metric_names && !metric; i++)
		if (str_eq(metric_names[i].name, name))
			metric = metric_names[i].metric;
	if (!metric && (task = known_task(n, name)))
		return add_score(f, task, NULL, t, e);
	if (is_parameter(name))
		return add_key(f, name, t, e);
	if (metric)
		return add_score(f, NULL, metric, t, e);
	if (dot && dot > name && dot[1]) {
		char *before = xstrndup(name, (size_t)(dot - name));
		bool ok = false;

		task = known_task(n, before);
		ok = task && add_score(f, task, dot + 1, t, e);
		free(before);
		if (task)
			return ok;
	}
	return unknown_field(name, n, e);
}

bool filter_add_term(struct filter *f, const struct filter_term *t, struct filter_asked *names,
	bool *archived, struct err *e)
{
	const struct field *field = NULL;
	char *low = xstrdup(t->field);
	bool ok;

	for (char *p = low; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (size_t i = 0; i < N_FIELDS && !field; i++)
		if (str_eq(fields[i].name, low) || str_eq(fields[i].other, low))
			field = &fields[i];
	if (!field && *t->value)
		ok = add_named(f, low, t, names, e);
	else if (!*t->value)
		ok = err_set(e, ERR_USAGE, "filter", field ? field->example : "t<0.001, arc>45%",
			"nothing stands behind %s%s", t->field, filter_relation_text(t->relation));
	else if (field->match == CHOICE)
		ok = add_choice(f, t, field->name, e);
	else if (field->match == SEED)
		ok = add_seed(f, t, e);
	else if (field->match == NUMBER)
		ok = add_number(f, field, t, e);
	else
		ok = add_words(f, field, t, e);
	*archived |= field && str_eq(field->name, "archived");
	free(low);
	return ok;
}
