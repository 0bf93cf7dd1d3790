#include "command.h"
int cmd_push(int argc, char **argv, struct err *e)
{
    (void)argc;
    (void)argv;
    (void)e;
    return 5;
}
int cmd_pull(int argc, char **argv, struct err *e)
{
    (void)argc;
    (void)argv;
    (void)e;
    return 5;
}
