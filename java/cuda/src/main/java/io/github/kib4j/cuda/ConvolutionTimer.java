package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.*;

import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Measures plans on the device, on memory of its own, which is freed when it returns. The figure of a plan is the median of some
 * blocks of calls between two events, after one call that is not counted.
 */
final class ConvolutionTimer {
    private static final int BLOCKS = 5;
    private static final int MOST_CALLS = 20;
    private static final double BLOCK_MICROSECONDS = 1000;

    /** Random numbers are drawn once and repeated: zeros would be multiplied faster than they are. */
    private static final int DRAWN_BYTES = 1 << 20;

    /**
     * Returns the microseconds of each plan, by its name, that the device has room for and whose library has it after all.
     *
     * @param task what they compute
     */
    Map<String, Double> microseconds(ConvolutionTask task, List<ConvolutionPlan> plans) {
        Map<String, Double> microseconds = new TreeMap<>();
        try (Memory memory = new Memory()) {
            ConvolutionPlan.Memory operands = new ConvolutionPlan.Memory(
                    memory.random(task.inputBytes()),
                    memory.random(task.weightBytes()),
                    memory.random(task.outputBytes()),
                    memory.random((long) task.filters() * Float.BYTES),
                    null);
            for (ConvolutionPlan plan : plans) {
                try (Memory scratch = new Memory()) {
                    ConvolutionPlan.Memory all = operands.with(scratch.allocate(plan.scratchBytes()));
                    microseconds.put(plan.name(), median(plan.bind(all, memory.queue), memory.queue.stream()));
                } catch (OutOfDeviceMemoryException | UnsupportedException e) {
                    continue; // others may be there, and have room
                }
            }
        } catch (OutOfDeviceMemoryException e) {
            return microseconds;
        }
        return microseconds;
    }

    private static double median(Runnable plan, CUstream_st stream) {
        CUevent_st begin = new CUevent_st();
        CUevent_st end = new CUevent_st();
        CudaStatus.check(cudaEventCreate(begin), "cudaEventCreate");
        CudaStatus.check(cudaEventCreate(end), "cudaEventCreate");
        try {
            block(plan, 1, begin, end, stream);
            double once = block(plan, 1, begin, end, stream);
            int calls = (int) Math.max(1, Math.min(MOST_CALLS, BLOCK_MICROSECONDS / once));
            double[] blocks = new double[BLOCKS];
            for (int i = 0; i < BLOCKS; i++) {
                blocks[i] = block(plan, calls, begin, end, stream) / calls;
            }
            Arrays.sort(blocks);
            return blocks[BLOCKS / 2];
        } finally {
            CudaStatus.check(cudaEventDestroy(begin), "cudaEventDestroy");
            CudaStatus.check(cudaEventDestroy(end), "cudaEventDestroy");
        }
    }

    private static double block(Runnable plan, int calls, CUevent_st begin, CUevent_st end, CUstream_st stream) {
        CudaStatus.check(cudaEventRecord(begin, stream), "cudaEventRecord");
        for (int i = 0; i < calls; i++) {
            plan.run();
        }
        CudaStatus.check(cudaEventRecord(end, stream), "cudaEventRecord");
        CudaStatus.check(cudaEventSynchronize(end), "cudaEventSynchronize, measuring convolutions");
        try (FloatPointer milliseconds = new FloatPointer(1)) {
            CudaStatus.check(cudaEventElapsedTime(milliseconds, begin, end), "cudaEventElapsedTime");
            return 1000.0 * milliseconds.get();
        }
    }

    /** Memory of the device, and a stream. */
    private static final class Memory implements AutoCloseable {
        private final Deque<BytePointer> blocks = new ArrayDeque<>();
        private final Queue queue = new Queue(Lane.MAIN, new CUstream_st());

        Memory() {
            CudaStatus.check(cudaStreamCreateWithFlags(queue.stream(), cudaStreamNonBlocking), "cudaStreamCreate");
        }

        BytePointer allocate(long bytes) {
            BytePointer block = new BytePointer();
            CudaStatus.check(cudaMalloc(block, Math.max(1, bytes)), "cudaMalloc, measuring convolutions");
            blocks.push(block);
            return block;
        }

        /** Allocates memory with normal numbers of bfloat16; two of them are one in single precision. */
        BytePointer random(long bytes) {
            BytePointer block = allocate(bytes);
            SplittableRandom random = new SplittableRandom(bytes);
            byte[] drawn = new byte[(int) Math.min(bytes, DRAWN_BYTES)];
            for (int i = 0; i + 1 < drawn.length; i += 2) {
                int bits = Float.floatToRawIntBits((float) random.nextGaussian());
                drawn[i] = (byte) (bits >> 16);
                drawn[i + 1] = (byte) (bits >> 24);
            }
            try (BytePointer host = new BytePointer(drawn)) {
                CudaStatus.check(
                        cudaMemcpyAsync(block, host, drawn.length, cudaMemcpyHostToDevice, queue.stream()),
                        "cudaMemcpyAsync");
                CudaStatus.check(cudaStreamSynchronize(queue.stream()), "cudaStreamSynchronize");
            }
            for (long done = drawn.length; done < bytes; done += Math.min(done, bytes - done)) {
                CudaStatus.check(
                        cudaMemcpyAsync(
                                block.getPointer(done),
                                block,
                                Math.min(done, bytes - done),
                                cudaMemcpyDeviceToDevice,
                                queue.stream()),
                        "cudaMemcpyAsync");
            }
            return block;
        }

        @Override
        public void close() {
            cudaStreamSynchronize(queue.stream()); // what failed there was told by its call
            blocks.forEach(block -> CudaStatus.check(cudaFree(block), "cudaFree"));
            CudaStatus.check(cudaStreamDestroy(queue.stream()), "cudaStreamDestroy");
        }
    }
}
