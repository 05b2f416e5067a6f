/* What a function answers. */
#ifndef KIB_STATUS_H
#define KIB_STATUS_H

/* 0 is success. */
typedef int kib_status;
#define KIB_OK 0
/* A type or setting that the function does not know. */
#define KIB_UNSUPPORTED 1

#endif
