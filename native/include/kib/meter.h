/* Where losses of a step are added up, and where it is noted that one is not finite. */
#ifndef KIB_METER_H
#define KIB_METER_H
#include <stdint.h>

/* sums[slot] += the loss times B; if that is not finite and fault[0] == 0, fault = {now[0] + 1, slot}. */
typedef struct kib_meter {
  double* sums; /* NULL for nowhere */
  int64_t slot;
  const int64_t* now;
  int64_t* fault;
  int64_t correct; /* the slot at which a readout counts right answers; negative for none */
} kib_meter;

#endif
