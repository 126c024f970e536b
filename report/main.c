/* main.c - build/glassbox: a table of commands and nothing else.
 *
 * Each command parses its own options, so --help works everywhere and this file does not
 * grow. Make's targets are thin wrappers around these. */
#include "report/command.h"
#include "core/base/base.h"
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *purpose;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "list", "the findings and their verdicts", command_list },
    { "plan", "what a report would run, and for how long", command_plan },
    { "why", "why units run again", command_why },
    { "current", "whether a result is current, for make", command_current },
    { "units", "make's targets for these units", command_units },
    { "watch", "run make and show how far its units are", command_watch },
    { "judge", "verdicts of the record and of this machine's runs", command_judge },
    { "input", "the hash and version of an input", command_input },
    { "verify", "judge the record, recompute units, compare the bits", command_verify },
    { "record", "publish full runs into data/record", command_record },
    { "golden", "freeze the bounds, or check that none has moved", command_golden },
    { "citations", "write CITATIONS.md, or check that it is current", command_citations },
    { "cite", "how to cite a claim or a finding", command_cite },
    { "site", "build the static site", command_site },
    { "check-site", "check a built site: links, ids, hashes, index", command_check_site },
    { "diff", "two folders of results, value by value", command_diff },
};

static int usage(FILE *f, int status)
{
    fprintf(f, "usage: glassbox COMMAND [OPTION...]\n\n");
    for (int i = 0; i < COUNT(commands); i++)
        fprintf(f, "  %-11s %s\n", commands[i].name, commands[i].purpose);
    fprintf(f, "\n`glassbox COMMAND --help` lists its options.\n");
    return status;
}

/* The command's argv[0] reads "glassbox NAME", as its messages should. What it printed
 * has arrived, or that is an error: the reader may be a file on a full disk. */
static int run(int i, int argc, char **argv)
{
    argv[1] = text_format("glassbox %s", argv[1]);
    int status = commands[i].run(argc - 1, argv + 1);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "%s: cannot be written: %s\n", argv[1], strerror(errno));
        status = EXIT_USAGE;
    }
    free(argv[1]);
    return status;
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_USAGE;
    if (argc < 2) return usage(stderr, EXIT_USAGE);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return usage(stdout, EXIT_AS_EXPECTED);
    for (int i = 0; i < COUNT(commands); i++)
        if (!strcmp(argv[1], commands[i].name)) return run(i, argc, argv);
    fprintf(stderr, "glassbox: no command \"%s\"\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}
