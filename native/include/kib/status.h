/* What a function answers. */
#ifndef KIB_STATUS_H
#define KIB_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* KIB_OK, or why nothing was computed. */
typedef enum kib_status {
  KIB_OK = 0,
  KIB_UNSUPPORTED_TYPE = 1, /* numbers of a type that the function does not compute with */
  KIB_BAD_ARGUMENT = 2,     /* a setting that there is not, or that the function does not compute */
  KIB_OUT_OF_MEMORY = 3,    /* of a device with memory of its own */
  KIB_DEVICE_FAILED = 4     /* what the device said is in the text */
} kib_status;

/*
 * What was wrong in the calling thread's last call that did not answer KIB_OK: the rest of a sentence that begins with
 * who refuses. Empty where there was none; overwritten by the next.
 */
const char* kib_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
