/* The settings of families. */
#ifndef KIB_SPECS_H
#define KIB_SPECS_H
#include "kib/constants.h"
#include "kib/types.h"

/* What the pass of an activity computes. */
typedef struct kib_activity_spec {
  int type;                          /* KIB_F32 or KIB_BF16 */
  int activation;                    /* KIB_IDENTITY ... */
  int pooling;                       /* KIB_POOL_NONE ... */
  int64_t batch;                     /* B */
  int64_t channels;                  /* C, or N of a linear layer */
  int64_t height, width;             /* after pooling; 1 and 1 for a linear layer */
  int64_t input_height, input_width; /* before pooling: twice that, or one more; read only with pooling */
  int64_t groups;                    /* G; 0 for none */
  double power;                      /* p */
  double delta;
  double divisive_power; /* q; 0 for none */
  uint32_t drop_below;   /* an element is dropped where its random word is below this */
  float kept_scale, kept_shift, dropped_value;
  uint64_t seed;
  uint32_t layer;
} kib_activity_spec;

/* What codes of groups in spatial cells are of. */
typedef struct kib_cells_spec {
  int type; /* of activities: KIB_F32 or KIB_BF16 */
  int scales;
  int64_t scale[KIB_MOST_SCALES]; /* cells on a side */
  int64_t batch;                  /* B */
  int64_t channels;               /* C, or N of a linear layer */
  int64_t height, width;          /* 1 and 1 for a linear layer */
  int64_t groups;                 /* G, which divides C */
  double power;                   /* p */
  double delta;
} kib_cells_spec;

/*
 * Widths of a kernel, ascending; the kernel is the mean over them of the Gaussian exp(-|x - y|^2 / (2 sigma^2)), or of
 * exp(-|x - y| / sigma), or of 1 / sqrt(1 + |x - y|^2 / sigma^2).
 */
typedef struct kib_widths {
  int count; /* at least 1 */
  double sigma[KIB_MOST_WIDTHS];
} kib_widths;

/* What a local objective is. */
typedef struct kib_objective_spec {
  int type;      /* of the codes: KIB_F32 or KIB_BF16 */
  int estimator; /* KIB_PHSIC or KIB_HSIC */
  int kernel;    /* on codes */
  int centred;   /* whether codes are centred over their entries */
  kib_widths widths;
  double gamma;
  int64_t batch; /* B */
  int64_t width; /* G, or N without grouping */
} kib_objective_spec;

/*
 * The teaching signal. Class labels: labels [B], classes M, L = same or different. Target vectors: targets [B, M] f32
 * with their kernel. A given similarity: similarity [B, B] f32. The pointers that are not meant are NULL.
 */
typedef struct kib_teaching {
  const int32_t* labels;
  const float* targets;
  const float* similarity;
  int64_t outputs; /* M */
  double same, different;
  int kernel; /* of targets */
  int centred;
  kib_widths widths;
} kib_teaching;

/* A variable: its samples [B, width], and the kernel that compares them. */
typedef struct kib_variable {
  const void* rows;
  int type; /* KIB_F32 or KIB_BF16 */
  int64_t width;
  int kernel;
  kib_widths widths;
} kib_variable;

/* Variables of as many samples each. */
typedef struct kib_variables {
  int count; /* 1 to KIB_MOST_VARIABLES */
  kib_variable of[KIB_MOST_VARIABLES];
} kib_variables;

#endif
