/* How figures are shown: their unit, their digits. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/study.h"
#include "base/cleanup.h"
#include "base/text.h"

struct study_unit study_unit(const struct study *s, const char *figure)
{
    const struct figure_about about = records_about(&s->records, figure);
    return (struct study_unit){figure, about.title, about.shown, about.scale};
}
