package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeThreadLocal;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Plan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.jspecify.annotations.Nullable;

/**
 * A program's steps on the streams of their lanes. The first run queues them one by one, by which libraries load what they need; the
 * second captures the same calls into a graph, which it and all later ones launch: one call of the host for a whole step.
 *
 * <p>Work of the host's own cannot be in a graph: where there is some, each run queues the steps one by one, and waits before and
 * behind it.
 *
 * <p>The update lane begins where the main one stands, waits of the plan are events, and the main lane ends with waiting for the
 * update lane.
 */
final class CudaLauncher implements Backend.Launcher {
    private final CudaStreams streams;
    private final @Nullable CudaRanges ranges;
    private final boolean captures;
    private final List<Runnable> launches;
    private final Lane[] lanes;
    private final int[][] waits;
    private final boolean[] ofHost;
    /** One for each step that another lane waits for; null for others. */
    private final @Nullable CUevent_st[] done;

    private final List<CUevent_st> events = new ArrayList<>();
    private final @Nullable CUevent_st fork;
    private final @Nullable CUevent_st join;
    private boolean hasRun;
    private @Nullable CUgraphExec_st graph;

    /**
     * Makes the events.
     *
     * @param options whether a graph is made, if not, all runs are as the first; and whether profilers are told what runs
     */
    CudaLauncher(CudaStreams streams, Plan plan, List<Runnable> launches, CudaOptions options) {
        this.streams = streams;
        ranges = options.ranges() ? new CudaRanges(plan) : null;
        this.launches = launches;
        int count = launches.size();
        lanes = new Lane[count];
        waits = new int[count][];
        ofHost = new boolean[count];
        Set<Integer> awaited = new HashSet<>();
        for (int i = 0; i < count; i++) {
            lanes[i] = plan.lane(i);
            ofHost[i] = plan.steps().get(i).operation().work().isHost();
            waits[i] = plan.waits(i).stream().mapToInt(Integer::intValue).toArray();
            awaited.addAll(plan.waits(i));
        }
        boolean queues = !options.graph();
        for (boolean host : ofHost) {
            queues |= host;
        }
        captures = !queues;
        done = new CUevent_st[count];
        for (int i : awaited) {
            done[i] = event();
        }
        boolean forks = List.of(lanes).contains(Lane.UPDATE);
        fork = forks ? event() : null;
        join = forks ? event() : null;
    }

    private CUevent_st event() {
        CUevent_st event = streams.newEvent();
        events.add(event);
        return event;
    }

    @Override
    public void run() {
        streams.checked(() -> {
            streams.enter();
            if (ranges == null) {
                launch();
            } else {
                ranges.around(this::launch);
            }
        });
    }

    private void launch() {
        if (!captures || !hasRun) {
            queue();
            hasRun = true;
            return;
        }
        CUgraphExec_st ready = graph;
        if (ready == null) {
            ready = capture();
            graph = ready;
        }
        CudaStatus.check(cudaGraphLaunch(ready, streams.main()), "cudaGraphLaunch");
    }

    private void queue() {
        if (fork != null) {
            streams.record(fork, Lane.MAIN);
            streams.await(fork, Lane.UPDATE);
        }
        for (int i = 0; i < lanes.length; i++) {
            if (ranges != null) {
                ranges.beginStep(i);
            }
            for (int step : waits[i]) {
                streams.await(done[step], lanes[i]);
            }
            if (ofHost[i]) {
                streams.synchronize(lanes[i]);
            }
            launches.get(i).run();
            if (ofHost[i]) {
                streams.synchronize(Lane.MAIN); // by which it read and wrote, and its own lane knows nothing of
            }
            if (done[i] != null) {
                streams.record(done[i], lanes[i]);
            }
        }
        if (ranges != null) {
            ranges.endRow();
        }
        if (join != null) {
            streams.record(join, Lane.UPDATE);
            streams.await(join, Lane.MAIN);
        }
    }

    private CUgraphExec_st capture() {
        CUgraph_st captured = new CUgraph_st();
        CudaStatus.check(
                cudaStreamBeginCapture(streams.main(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        try {
            queue();
        } catch (RuntimeException | Error e) {
            cudaStreamEndCapture(streams.main(), captured); // which says again what failed
            throw e;
        }
        CudaStatus.check(cudaStreamEndCapture(streams.main(), captured), "cudaStreamEndCapture");
        try {
            CUgraphExec_st ready = new CUgraphExec_st();
            CudaStatus.check(
                    cudaGraphInstantiate(ready, captured, 0),
                    "cudaGraphInstantiate of a step of " + launches.size() + " parts");
            return ready;
        } finally {
            CudaStatus.check(cudaGraphDestroy(captured), "cudaGraphDestroy");
        }
    }

    @Override
    public void close() {
        streams.release(() -> {
            if (graph != null) {
                CudaStatus.check(cudaGraphExecDestroy(graph), "cudaGraphExecDestroy");
            }
            events.forEach(CudaStreams::destroy);
        });
        graph = null;
        events.clear();
    }
}
