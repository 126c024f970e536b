/* numbers.h - the `{{...}}` of prose, captions and scripts. */
#ifndef GLASSBOX_NUMBERS_H
#define GLASSBOX_NUMBERS_H

#include "report/suite.h"

typedef enum {
    NUMBERS_PROSE, /* three digits, a true minus, powers of ten: "-1.2e-7" as a reader's */
    NUMBERS_SCRIPT /* %.17g, "NaN" for what is absent: for gnuplot */
} NumbersStyle;

/* What may stand between the braces: claim                    mean of its value over
 * the seeds claim.control .control2  the value of its first, second control claim.also
 * .also2        the value of a further check; .control.also of a control's ... .lo .hi
 * .min .max    ends of the 95 % interval, least and greatest seed ... .bound .upper
 * what the value is held against claim.seeds .cleared     how many seeds were judged;
 * how many clear the claim claim.reference          a source's figure =name
 * any recorded value; =name.lo and so on too then optionally *FACTOR and |FORMAT:
 * {{score*100|%.0f}} %. What no seed has computed yet reads "(not run)"; what does not
 * exist, "none". NULL with *error (caller frees) "path:line: ..."; `line` is that of
 * the text's start. */
char *numbers_fill(const Finding *, const char *text, int line, NumbersStyle,
                   char **error);

/* NULL format: three significant digits (a whole part is never rounded), and whole
 * numbers in full. Else one %e, %f or %g, as printf has them; any other format dies. */
char *numbers_format(double x, const char *format);

#endif
