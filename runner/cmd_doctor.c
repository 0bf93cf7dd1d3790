#include "command.h"
int cmd_doctor(int argc, char **argv, struct err *e)
{
    (void)argc, (void)argv, (void)e;
    return 0;
}
