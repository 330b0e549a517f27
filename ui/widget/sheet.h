/* sheet: a form over the view: lines that inform, fields to fill in or switch, one thing Enter
 *does. struct sheet *s = sheet_new("write agent3.yml", "write", done, ctx); sheet_text(s, "path",
 *"Agent3-nuslerp-1");  sheet_choice(s, "dtype", "bfloat16 float16", 0); sheet_info(s, "size",
 *STYLE_normal, "6.80 GB");  app_sheet(a, s); Fields are found again by label. The app owns it once
 *shown. UI thread only. */
#ifndef CUPEL_UI_SHEET_H
#define CUPEL_UI_SHEET_H
#include "ui/widget/overlay.h"

struct sheet;
/* done: Enter; return COMMAND_REFUSED to keep the sheet open (sheet_error says why). */
struct sheet *sheet_new(const char *title, const char *verb,
	unsigned (*done)(struct app *a, struct sheet *s, void *ctx), void *ctx);
void sheet_on_change(struct sheet *s, void (*changed)(struct app *a, struct sheet *s, void *ctx));
void sheet_on_free(struct sheet *s, void (*drop)(void *ctx));
void sheet_text(struct sheet *s, const char *label, const char *value);
void sheet_choice(struct sheet *s, const char *label, const char *values, size_t at); /* words */
/* Adds the line, or changes it. */
void sheet_info(struct sheet *s, const char *label, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void sheet_error(struct sheet *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *sheet_value(const struct sheet *s, const char *label); /* "" if there is none */
struct overlay *sheet_overlay(struct sheet *s);
void sheet_free(struct sheet *s); /* only one that was never shown */
#endif
