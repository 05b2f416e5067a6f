package io.github.kib4j.cuda;

import io.github.kib4j.tensor.KibFailure;
import org.bytedeco.cuda.global.cudnn;

/** A library offered an algorithm, and does not have it when it is called. Where plans are measured, such a one is passed over. */
final class UnsupportedException extends RuntimeException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /** cuDNN counts the particular reasons of a status within so many numbers from it. */
    private static final int REASONS = 1000;

    UnsupportedException(String algorithm) {
        super(algorithm + " is offered by the library, but not there; have convolutions computed in another way.");
    }

    /** Returns whether a status of cuDNN's says that it does not support what is asked for, for any reason. */
    static boolean isDnn(int status) {
        return status / REASONS == cudnn.CUDNN_STATUS_NOT_SUPPORTED / REASONS;
    }

    /** Returns whether a status of cuDNN's says that it takes no such arguments, for any reason. */
    static boolean isDnnParameter(int status) {
        return status / REASONS == cudnn.CUDNN_STATUS_BAD_PARAM / REASONS;
    }
}
