/* resume.c - two files, and the order in which they are written.
 *
 * `kept` is written first, the state with the count after it. A kill between the two
 * leaves a `kept` that is ahead of its state by a few steps; the steps are done again,
 * from the same bits, and write the same numbers into it once more. The state alone
 * carries the identity: whoever finds another one removes the folder, so `kept` can only
 * be its companion.
 *
 * The lab clears the .partial folder at each start, and should: what lies there is half a
 * result. So the checkpoint has a folder of its own, which goes at exit, after the result
 * was renamed into its place; a death on the way leaves it for the next run. */
#define _GNU_SOURCE
#include "core/lab/resume.h"
#include "core/base/file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *folder, *state, *kept, *tag;
} Paths;

static Paths paths_of(Run *run)
{
    Paths p = { .folder = run_place(run, ".resume"), .tag = run_identity(run) };
    p.state = text_format("%s/state.safetensors", p.folder);
    p.kept = text_format("%s/kept.safetensors", p.folder);
    return p;
}

static void paths_free(Paths p)
{
    free(p.folder), free(p.state), free(p.kept), free(p.tag);
}

static void remove_if_done(int status, void *folder)
{
    if (status == 0) folder_remove(folder);
    free(folder);
}

bool resume_take(Run *run, Params *params, Optim *o, Params *kept)
{
    Paths p = paths_of(run);
    bool found = checkpoint_load(p.state, p.tag, params, o);
    char *wrong;
    if (found && !checkpoint_load_weights(p.kept, kept, &wrong)) bad_input(run, wrong);
    if (!found) folder_remove(p.folder);
    on_exit(remove_if_done, text_copy(p.folder));
    paths_free(p);
    return found;
}

void resume_save(Run *run, const Params *params, Optim *o, const Params *kept)
{
    Paths p = paths_of(run);
    if (!folder_make(p.folder) || !checkpoint_save_weights(p.kept, kept) ||
        !checkpoint_save(p.state, p.tag, params, o)) {
        char *message = text_format("%s: %s", p.folder, strerror(errno));
        bad_input(run, message);
    }
    paths_free(p);
}
