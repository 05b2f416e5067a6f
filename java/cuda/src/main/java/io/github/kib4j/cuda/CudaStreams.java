package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaStreamWaitEvent;

import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.op.Lane;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * A device's streams, one for each lane. Between programs the main one alone is used: a program that used the other ends with the
 * main one waiting for it.
 */
final class CudaStreams {
    private final CUstream_st[] streams = new CUstream_st[Lane.values().length];
    private final kib_queue[] queues = new kib_queue[streams.length];

    private final int device;
    private boolean lost;

    /** Creates the streams on a device. */
    CudaStreams(int device) {
        this.device = device;
        enter();
        try {
            for (Lane lane : Lane.values()) {
                CUstream_st stream = new CUstream_st();
                CudaStatus.check(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
                streams[lane.ordinal()] = stream;
                queues[lane.ordinal()] = new kib_queue().threads(0).stream(stream);
            }
        } catch (RuntimeException | Error e) {
            destroyAll();
            throw e;
        }
    }

    /** Makes the device the calling thread's: to be called before whatever is not queued on a stream. */
    void enter() {
        CudaStatus.check(cudaSetDevice(device), "cudaSetDevice");
    }

    CUstream_st stream(Lane lane) {
        return streams[lane.ordinal()];
    }

    CUstream_st main() {
        return stream(Lane.MAIN);
    }

    kib_queue queue(Lane lane) {
        return queues[lane.ordinal()];
    }

    /** Waits for all that was queued. */
    void synchronize() {
        checked(() -> {
            enter();
            CudaStatus.check(cudaStreamSynchronize(main()), "cudaStreamSynchronize");
        });
    }

    /** Waits for what was queued on a lane; what is queued on the main one then is not before what the host does next. */
    void synchronize(Lane lane) {
        CudaStatus.check(cudaStreamSynchronize(stream(lane)), "cudaStreamSynchronize");
    }

    /** Does what may tell that the device is lost, and remembers that it is. */
    void checked(Runnable call) {
        try {
            call.run();
        } catch (CudaException e) {
            lost |= e.isLost();
            throw e;
        }
    }

    /** Waits, and releases something; nothing, where all is gone with the device, which has been said before. */
    void release(Runnable release) {
        if (!lost) {
            synchronize();
            release.run();
        }
    }

    /** Returns a new event, which the caller destroys. */
    CUevent_st newEvent() {
        enter();
        CUevent_st event = new CUevent_st();
        CudaStatus.check(cudaEventCreateWithFlags(event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
        return event;
    }

    static void destroy(CUevent_st event) {
        CudaStatus.check(cudaEventDestroy(event), "cudaEventDestroy");
    }

    /** Marks how far a lane has been queued. */
    void record(CUevent_st event, Lane lane) {
        CudaStatus.check(cudaEventRecord(event, stream(lane)), "cudaEventRecord");
    }

    /** Has what is queued on a lane from now on wait for what an event marked. */
    void await(CUevent_st event, Lane lane) {
        CudaStatus.check(cudaStreamWaitEvent(stream(lane), event, 0), "cudaStreamWaitEvent");
    }

    void close() {
        release(this::destroyAll);
    }

    private void destroyAll() {
        for (CUstream_st stream : streams) {
            if (stream != null) {
                CudaStatus.check(cudaStreamDestroy(stream), "cudaStreamDestroy");
            }
        }
    }
}
