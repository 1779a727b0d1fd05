/* SPDX-License-Identifier: MIT
 *
 * `memalotctl mcp`: becomes the MCP server, which is Python (python/memalot/mcp/).
 */
#include "ctl.h"
#include "installed.h"

static int
run(const struct ml_ctl_args *args)
{
    char *words[] = {(char *)"--report-directory", (char *)args->directory, NULL};
    return ml_installed_become(args->self, "memalot.mcp",
                               args->directory != NULL ? words : NULL);
}

static const struct ml_opt opts[] = {
    ML_OPT_DIRECTORY,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_mcp = {
    .name = "mcp",
    .words_help = "",
    .summary = "The MCP server on standard input and output, for AI tools",
    .details = "Needs the MCP SDK in the Python that runs it: pip install "
               "'memalotctl[mcp]'.",
    .opts = opts,
    .run = run,
};
