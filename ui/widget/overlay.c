#include "config.h"
#include "ui/widget/overlay.h"

struct rect overlay_centre(struct rect area, int w, int h)
{
	if (w > area.w)
		w = area.w;
	if (h > area.h)
		h = area.h;
	return (struct rect){ area.x + (area.w - w) / 2, area.y + (area.h - h) / 2, w, h };
}

struct rect overlay_box(struct grid *g, struct rect r, const char *title)
{
	grid_fill(g, r, " ", STYLE_normal);
	for (int x = r.x + 1; x < r.x + r.w - 1; x++) {
		grid_text(g, x, r.y, STYLE_rule, "─");
		grid_text(g, x, r.y + r.h - 1, STYLE_rule, "─");
	}
	for (int y = r.y + 1; y < r.y + r.h - 1; y++) {
		grid_text(g, r.x, y, STYLE_rule, "│");
		grid_text(g, r.x + r.w - 1, y, STYLE_rule, "│");
	}
	grid_text(g, r.x, r.y, STYLE_rule, "╭");
	grid_text(g, r.x + r.w - 1, r.y, STYLE_rule, "╮");
	grid_text(g, r.x, r.y + r.h - 1, STYLE_rule, "╰");
	grid_text(g, r.x + r.w - 1, r.y + r.h - 1, STYLE_rule, "╯");
	if (title && r.w > 6) {
		int w = grid_fit(g, r.x + 3, r.y, r.w - 6, STYLE_heading, title, CUT_END);

		grid_text(g, r.x + 2, r.y, STYLE_rule, " ");
		grid_text(g, r.x + 3 + w, r.y, STYLE_rule, " ");
	}
	return (struct rect){ r.x + 2, r.y + 1, r.w > 4 ? r.w - 4 : 0, r.h > 2 ? r.h - 2 : 0 };
}
