#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "base/vec.h"
#include "ui/widget/sheet.h"

enum field_kind { FIELD_INFO, FIELD_TEXT, FIELD_CHOICE };
struct field {
	enum field_kind kind;
	char *label;
	struct str value;
	char *values;     /* words of a choice */
	unsigned style;
};
struct sheet {
	struct overlay o;
	char *title, *verb, *error;
	vec(struct field) fields;
	size_t at;
	unsigned (*done)(struct app *a, struct sheet *s, void *ctx);
	void (*changed)(struct app *a, struct sheet *s, void *ctx);
	void (*drop)(void *ctx);
	void *ctx;
};

static struct field *field_of(const struct sheet *s, const char *label)
{
	for (size_t i = 0; i < s->fields.n; i++)
		if (str_eq(s->fields.v[i].label, label))
			return &s->fields.v[i];
	return NULL;
}

static struct field *field_add(struct sheet *s, const char *label, enum field_kind kind)
{
	struct field *f = vec_push(&s->fields);

	f->kind = kind;
	f->label = xstrdup(label);
	if (kind != FIELD_INFO && s->fields.v[s->at].kind == FIELD_INFO)
		s->at = s->fields.n - 1;
	return f;
}

static void set_value(struct field *f, const char *text)
{
	str_clear(&f->value);
	str_add(&f->value, text);
}

void sheet_text(struct sheet *s, const char *label, const char *value)
{
	struct field *f = field_of(s, label);

	set_value(f ? f : field_add(s, label, FIELD_TEXT), value);
}

static void choice_word(const struct field *f, size_t at, struct str *out)
{
	const char *p = f->values;

	for (; at && *p; at--) {
		p += strcspn(p, " ");
		p += *p == ' ';
	}
	str_addn(out, p, strcspn(p, " "));
}

void sheet_choice(struct sheet *s, const char *label, const char *values, size_t at)
{
	struct field *f = field_of(s, label);

	if (!f)
		f = field_add(s, label, FIELD_CHOICE);
	free(f->values);
	f->values = xstrdup(values);
	str_clear(&f->value);
	str_add(&f->value, "");
	choice_word(f, at, &f->value);
}

void sheet_info(struct sheet *s, const char *label, unsigned style, const char *fmt, ...)
{
	struct field *f = field_of(s, label);
	va_list ap;

	if (!f)
		f = field_add(s, label, FIELD_INFO);
	f->style = style;
	str_clear(&f->value);
	va_start(ap, fmt);
	str_vaddf(&f->value, fmt, ap);
	va_end(ap);
}

void sheet_error(struct sheet *s, const char *fmt, ...)
{
	struct str t = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&t, fmt, ap);
	va_end(ap);
	free(s->error);
	s->error = str_steal(&t);
}

const char *sheet_value(const struct sheet *s, const char *label)
{
	const struct field *f = field_of(s, label);

	return f && f->value.s ? f->value.s : "";
}

struct overlay *sheet_overlay(struct sheet *s)
{
	return &s->o;
}

static unsigned edited(struct sheet *s, struct app *a)
{
	free(s->error);
	s->error = NULL;
	if (s->changed)
		s->changed(a, s, s->ctx);
	return CHANGED_SCREEN;
}

static void turn(struct field *f, int step)
{
	size_t n = 1, at = 0;
	struct str w = STR_INIT;

	for (const char *p = f->values; *p; p++)
		n += *p == ' ';
	for (size_t i = 0; i < n; i++) {
		str_clear(&w);
		choice_word(f, i, &w);
		if (str_eq(w.s, f->value.s))
			at = i;
	}
	at = (at + n + (size_t)(long)step) % n;
	str_clear(&f->value);
	choice_word(f, at, &f->value);
	str_fini(&w);
}

static unsigned sheet_step(struct overlay *o, struct app *a, int direction)
{
	struct sheet *s = (struct sheet *)o;

	(void)a;
	for (size_t i = 0; i < s->fields.n; i++) {
		s->at = (s->at + s->fields.n + (size_t)(long)direction) % s->fields.n;
		if (s->fields.v[s->at].kind != FIELD_INFO)
			break;
	}
	return CHANGED_SCREEN;
}

static unsigned sheet_move(struct overlay *o, struct app *a, enum move m, int count)
{
	struct sheet *s = (struct sheet *)o;
	struct field *f = s->fields.n ? &s->fields.v[s->at] : NULL;

	(void)count;
	if (m == MOVE_UP || m == MOVE_DOWN)
		return sheet_step(o, a, m == MOVE_UP ? -1 : 1);
	if (f && f->kind == FIELD_CHOICE && (m == MOVE_LEFT || m == MOVE_RIGHT)) {
		turn(f, m == MOVE_LEFT ? -1 : 1);
		return edited(s, a);
	}
	return CHANGED_SCREEN;
}

static void backspace(struct str *t)
{
	while (t->n && ((unsigned char)t->s[t->n - 1] & 0xc0) == 0x80)
		t->n--;
	if (t->n)
		t->n--;
	if (t->s)
		t->s[t->n] = 0;
}

static unsigned type_key(struct sheet *s, struct app *a, struct field *f, uint32_t key)
{
	char utf8[8];
	utf8proc_ssize_t n;

	if (key == KEY_BS) {
		backspace(&f->value);
		return edited(s, a);
	}
	if (key == ('u' | KEY_CTRL)) {
		set_value(f, "");
		return edited(s, a);
	}
	if (key >= KEY_FIRST || key < ' ')
		return COMMAND_REFUSED;
	n = utf8proc_encode_char((utf8proc_int32_t)key, (utf8proc_uint8_t *)utf8);
	str_addn(&f->value, utf8, n > 0 ? (size_t)n : 0);
	return edited(s, a);
}

static unsigned sheet_input(struct overlay *o, struct app *a, const struct key_input *in)
{
	struct sheet *s = (struct sheet *)o;
	struct field *f = s->fields.n ? &s->fields.v[s->at] : NULL;

	if (f && f->kind == FIELD_TEXT && in->type == INPUT_PASTE) {
		str_addn(&f->value, in->text, strcspn(in->text, "\r\n"));
		return edited(s, a);
	}
	if (in->type != INPUT_KEY || !f)
		return COMMAND_REFUSED;
	if (f->kind == FIELD_TEXT)
		return type_key(s, a, f, in->key);
	if (f->kind == FIELD_CHOICE && in->key == ' ') {
		turn(f, 1);
		return edited(s, a);
	}
	return COMMAND_REFUSED;
}

static unsigned sheet_accept(struct overlay *o, struct app *a)
{
	struct sheet *s = (struct sheet *)o;
	unsigned bits = s->done(a, s, s->ctx);

	if (!(bits & COMMAND_REFUSED))
		o->closing = true;
	return CHANGED_SCREEN | (bits & CHANGED_ALL);
}

void sheet_free(struct sheet *s)
{
	if (s->drop)
		s->drop(s->ctx);
	for (size_t i = 0; i < s->fields.n; i++) {
		free(s->fields.v[i].label);
		free(s->fields.v[i].values);
		str_fini(&s->fields.v[i].value);
	}
	vec_fini(&s->fields);
	free(s->title);
	free(s->verb);
	free(s->error);
	free(s);
}

static void sheet_drop(struct overlay *o)
{
	sheet_free((struct sheet *)o);
}

static void draw_field(
	const struct field *f, bool here, struct grid *g, struct rect in, int y, int label_w)
{
	int x = in.x + label_w + 2, w = in.w - label_w - 2;
	const char *text = f->value.s ? f->value.s : "";

	grid_pad(g, in.x, y, label_w, -1, STYLE_dim, f->label);
	if (f->kind == FIELD_INFO) {
		grid_fit(g, x, y, w, f->style, text, CUT_MIDDLE);
		return;
	}
	if (here)
		grid_paint(g, (struct rect){ x, y, w, 1 }, STYLE_cursor_off);
	if (f->kind == FIELD_CHOICE) {
		x += grid_text(g, x, y, here ? STYLE_cursor : STYLE_dim, "‹ ");
		x += grid_fit(g, x, y, w - 4, here ? STYLE_cursor : STYLE_value, text, CUT_END);
		grid_text(g, x, y, here ? STYLE_cursor : STYLE_dim, " ›");
		if (here)
			g->cursor_x = in.x + label_w + 2;
	} else {
		int used = grid_fit(g, x, y, w - 1,
			here ? STYLE_cursor_off | ATTR_BOLD : STYLE_value, text, CUT_START);

		if (here)
			g->cursor_x = x + used;
		g->cursor_shown |= here;
	}
	if (here)
		g->cursor_y = y;
}

static void sheet_draw(const struct overlay *o, struct grid *g, struct rect area)
{
	const struct sheet *s = (const struct sheet *)o;
	int label_w = 0, value_w = 40, h = (int)s->fields.n + 4;
	struct rect in;

	for (size_t i = 0; i < s->fields.n; i++) {
		int l = text_width(s->fields.v[i].label);
		int v = text_width(s->fields.v[i].value.s ? s->fields.v[i].value.s : "") + 5;

		label_w = l > label_w ? l : label_w;
		value_w = v > value_w ? v : value_w;
	}
	in = overlay_box(g, overlay_centre(area, label_w + value_w + 6, h), s->title);
	for (size_t i = 0; i < s->fields.n && (int)i < in.h - 1; i++)
		draw_field(&s->fields.v[i], i == s->at, g, in, in.y + (int)i, label_w);
	if (s->error) {
		grid_fit(g, in.x, in.y + in.h - 1, in.w, STYLE_error, s->error, CUT_END);
	} else {
		int x = in.x + grid_text(g, in.x, in.y + in.h - 1, STYLE_key, "Enter");

		x += grid_textf(g, x, in.y + in.h - 1, STYLE_normal, " %s   ", s->verb);
		x += grid_text(g, x, in.y + in.h - 1, STYLE_key, "Tab");
		x += grid_text(g, x, in.y + in.h - 1, STYLE_normal, " next   ");
		x += grid_text(g, x, in.y + in.h - 1, STYLE_key, "Esc");
		grid_text(g, x, in.y + in.h - 1, STYLE_normal, " leave");
	}
}

static const struct overlay_ops ops = {
	.context = CTX_SHEET,
	.draw = sheet_draw,
	.input = sheet_input,
	.move = sheet_move,
	.step = sheet_step,
	.accept = sheet_accept,
	.free = sheet_drop,
	.hint = "Enter do it  Tab next  ← → change  Esc leave",
};

struct sheet *sheet_new(const char *title, const char *verb,
	unsigned (*done)(struct app *a, struct sheet *s, void *ctx), void *ctx)
{
	struct sheet *s = xnew(struct sheet, 1);

	s->o.ops = &ops;
	s->title = xstrdup(title);
	s->verb = xstrdup(verb);
	s->done = done;
	s->ctx = ctx;
	return s;
}

void sheet_on_change(struct sheet *s, void (*changed)(struct app *a, struct sheet *s, void *ctx))
{
	s->changed = changed;
}

void sheet_on_free(struct sheet *s, void (*drop)(void *ctx))
{
	s->drop = drop;
}
