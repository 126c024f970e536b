/* command.h - the commands of build/glassbox. Each lives in its own file, parses its own
 * options with argp (--help everywhere) and returns the program's exit status. */
#ifndef GLASSBOX_COMMAND_H
#define GLASSBOX_COMMAND_H

enum {
    EXIT_AS_EXPECTED = 0,
    EXIT_CHANGED = 1,       /* a verdict or a bit changed */
    EXIT_USAGE = 2,         /* usage, crash, missing or malformed input */
    EXIT_INCONCLUSIVE = 3,  /* only MIXED where HOLDS was expected */
    EXIT_INTERRUPTED = 130, /* state kept */
};

/* argv[0] is "glassbox NAME". */
int command_list(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_units(int argc, char **argv);
int command_why(int argc, char **argv);
int command_current(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_input(int argc, char **argv);
int command_judge(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_record(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_cite(int argc, char **argv);
int command_golden(int argc, char **argv);
int command_citations(int argc, char **argv);
int command_site(int argc, char **argv);
int command_check_site(int argc, char **argv);

#endif
