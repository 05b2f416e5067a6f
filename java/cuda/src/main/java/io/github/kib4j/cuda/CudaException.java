package io.github.kib4j.cuda;

import io.github.kib4j.tensor.KibFailure;

/** What CUDA, cuBLAS or cuDNN report that is no mistake of the caller's: the device, the driver or the libraries fail. */
public final class CudaException extends RuntimeException implements KibFailure {
    private static final long serialVersionUID = 1L;

    /** Whether the device is of no use in this process any more. */
    private final boolean lost;

    /**
     * Creates the exception with a sentence for the user.
     *
     * @param message one sentence: which call failed, with what, what that means, and what to do
     * @param lost whether every later call on the device fails as well
     */
    public CudaException(String message, boolean lost) {
        super(message);
        this.lost = lost;
    }

    /**
     * {@return whether the device is lost to this process} After a fault of a kernel or of the card all that lay in the device's
     * memory is gone, and each later call on it fails; other devices, the CPU among them, go on.
     */
    public boolean isLost() {
        return lost;
    }
}
