/* log: lines for a person who debugs, off unless $CUPEL_LOG names a file; never the terminal.
 * Any thread. */
#ifndef CUPEL_BASE_LOG_H
#define CUPEL_BASE_LOG_H
void log_open(void);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#endif
