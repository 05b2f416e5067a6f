package io.github.kib4j.op;

import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A processor that runs operations on tensors of its own: a {@link Backend}, and around it what is the same for all: every
 * argument is checked, and an operation says what it reads and writes.
 *
 * <p>A device is used by one thread at a time; computing by a second thread at the same time is an
 * {@link IllegalStateException}. Several devices may live in one JVM.
 *
 * <p>After {@link #close}, whatever would allocate, plan, compute or read is an {@link IllegalStateException}; so are operations
 * on tensors whose scope is closed.
 */
public final class Device implements AutoCloseable {
    private final Backend backend;
    private final UseGuard guard;
    private final DeviceState state;
    private final ProductOps<Operation> product;
    private final BatchNormOps<Operation> batchNorm;
    private final ActivityOps<Operation> activity;
    private final CellOps<Operation> cells;
    private final GramOps<Operation> gram;
    private final ObjectiveOps<Operation> objective;
    private final OptimizerOps<Operation> optimizer;
    private final ReadoutOps<Operation> readout;
    private final BatchOps<Operation> batch;
    private final RandomOps<Operation> random;

    /**
     * Opens a device on a backend; {@link Devices#open} does so by name.
     *
     * @param backend computes; the device closes it
     */
    public Device(Backend backend) {
        this.backend = backend;
        state = new DeviceState(backend);
        guard = state.guard();
        product = new CheckedProduct(backend.product(), this::plan);
        batchNorm = new CheckedBatchNorm(backend.batchNorm(), this::plan);
        activity = new CheckedActivity(backend.activity(), this::plan);
        cells = new CheckedCells(backend.cells(), this::plan);
        gram = new CheckedGram(backend.gram(), this::plan);
        objective = new CheckedObjective(backend.objective(), this::plan);
        optimizer = new CheckedOptimizer(backend.optimizer(), this::plan);
        readout = new CheckedReadout(backend.readout(), this::plan);
        batch = new CheckedBatch(backend.batch(), this::plan);
        random = new CheckedRandom(backend.random(), this::plan);
    }

    private Operation plan(String name, Touched touched, Supplier<Work> work) {
        guard.checkOpen();
        Stream.concat(touched.reads().stream(), touched.writes().stream()).forEach(this::check);
        return touched.operation(name, work.get());
    }

    private void check(Tensor tensor) {
        tensor.owner().checkOpen();
        if (!(tensor.owner() instanceof DeviceScope scope) || scope.device() != state) {
            throw new IllegalArgumentException("The " + name() + " device cannot use a tensor of another device.");
        }
    }

    /** {@return the name by which it was asked for: {@code reference}, {@code cpu}} */
    public String name() {
        return backend.name();
    }

    /** {@return one line for people: processor, instruction sets, library versions, threads} */
    public String description() {
        return backend.description();
    }

    /**
     * {@return whether activations of this precision can be computed natively, and not only emulated at a loss of speed}
     *
     * @param precision of activations
     */
    public boolean accelerates(Precision precision) {
        return backend.accelerates(precision);
    }

    /**
     * {@return the multiplications and additions in a second that products of this precision reach at most; NaN where that is not known}
     *
     * @param precision of activations
     */
    public double peak(Precision precision) {
        return backend.peak(precision);
    }

    /** {@return what the device has decided so far of what was planned: nothing, where there is one way for everything} */
    public Decisions decisions() {
        guard.checkOpen();
        return backend.decisions();
    }

    /**
     * {@return a new owner of tensors}
     *
     * @param name what they are for, in a word or two
     */
    public Scope newScope(String name) {
        return new DeviceScope(state, name, false);
    }

    /**
     * {@return an owner of tensors that have a size and no memory} What is planned on them can be measured, and not run: nothing is
     * written into them or read from them.
     *
     * @param name what they are for, in a word or two
     */
    public Scope newDryScope(String name) {
        return new DeviceScope(state, name, true);
    }

    /**
     * {@return a new workspace, for programs on this device}
     *
     * @param scope owner of its memory, a scope of this device
     */
    public Workspace newWorkspace(Scope scope) {
        if (scope instanceof DeviceScope own && own.device() == state) {
            return new Workspace(own);
        }
        throw new IllegalArgumentException("The " + name() + " device cannot use a scope of another device.");
    }

    /** {@return the device's own memory as it stands now, whoever holds it; empty where tensors lie in the host's} */
    public Optional<DeviceMemory> ownMemory() {
        guard.checkOpen();
        return backend.ownMemory();
    }

    /** {@return the bytes that tensors and workspaces of this device hold now} */
    public long liveBytes() {
        return state.liveBytes();
    }

    /** {@return the most bytes that tensors and workspaces of this device held at once} */
    public long peakBytes() {
        return state.peakBytes();
    }

    /** Waits until everything that was run is done. */
    public void synchronize() {
        guard.checkOpen();
        backend.synchronize();
    }

    /** {@return whether an operation is done when its run returns, so that reading a result waits for nothing} */
    public boolean isSynchronous() {
        return backend.isSynchronous();
    }

    /**
     * Makes steps a program.
     *
     * @param workspace holds what they compute on the way, and their scratch memory
     * @param steps in their order
     * @return the program
     * @throws IllegalArgumentException if a step reads a tensor of the workspace before any has written it, or touches one of
     *     another program
     */
    public Program compile(Workspace workspace, List<Step> steps) {
        guard.checkOpen();
        if (workspace.device() != state) {
            throw new IllegalArgumentException("The " + name() + " device cannot use a workspace of another device.");
        }
        return new Program(workspace, steps);
    }

    /**
     * Computes operations at once, in their order. For what is computed once; what is repeated is {@linkplain #compile compiled}.
     *
     * @param operations of this device
     */
    public void run(Operation... operations) {
        try (Scope scope = newScope("scratch")) {
            compile(
                            newWorkspace(scope),
                            Arrays.stream(operations)
                                    .map(operation -> Step.main(Phase.FORWARD, operation))
                                    .toList())
                    .run();
            backend.synchronize();
        }
    }

    /** {@return products of layers: matrices and convolutions} */
    public ProductOps<Operation> product() {
        return product;
    }

    /** {@return batch normalization} */
    public BatchNormOps<Operation> batchNorm() {
        return batchNorm;
    }

    /** {@return the fused pass from pre-activations to what the next layer reads, and its gradients} */
    public ActivityOps<Operation> activity() {
        return activity;
    }

    /** {@return codes of groups in spatial cells, and their gradients} */
    public CellOps<Operation> cells() {
        return cells;
    }

    /** {@return dependence measures of samples} */
    public GramOps<Operation> gram() {
        return gram;
    }

    /** {@return local objectives and their gradients} */
    public ObjectiveOps<Operation> objective() {
        return objective;
    }

    /** {@return optimizers} */
    public OptimizerOps<Operation> optimizer() {
        return optimizer;
    }

    /** {@return softmax cross-entropy} */
    public ReadoutOps<Operation> readout() {
        return readout;
    }

    /** {@return the input pipeline} */
    public BatchOps<Operation> batch() {
        return batch;
    }

    /** {@return counter-based random numbers} */
    public RandomOps<Operation> random() {
        return random;
    }

    /**
     * Releases what the device itself holds; closing twice does nothing. Scopes that hold tensors must be closed before; an empty
     * one is of no use afterwards.
     *
     * @throws IllegalStateException if tensors live, or a thread uses the device; it then stays open
     */
    @Override
    public void close() {
        if (liveBytes() != 0) {
            throw new IllegalStateException("The device is closed while " + liveBytes() + " bytes of tensors live, of "
                    + state.holders() + "; close their scopes first.");
        }
        if (guard.close()) {
            backend.close();
        }
    }
}
