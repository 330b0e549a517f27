/* task: now in catalog, where filters know benchmarks too. */
#include "catalog/task.h"
