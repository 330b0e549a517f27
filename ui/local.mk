include $(top_srcdir)/ui/screen/local.mk
include $(top_srcdir)/ui/command/local.mk
include $(top_srcdir)/ui/widget/local.mk
include $(top_srcdir)/ui/view/local.mk
