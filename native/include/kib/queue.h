/* Where calls run, one after the other: last in every call. */
#ifndef KIB_QUEUE_H
#define KIB_QUEUE_H

/* Results depend on neither. */
typedef struct kib_queue {
  int threads;  /* of a processor, at least 1: the most that a call uses, since a small operation runs on one */
  void* stream; /* of a CUDA device; NULL on a processor */
} kib_queue;

#endif
