package io.github.kib4j.train;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The memory that a training run needs at its peak, in bytes. What the device holds is exact: the run is planned on it, without
 * memory. (A GPU that has yet to measure by which way it computes a convolution counts the way with the most scratch memory.) The
 * others are bounds that measurements gave.
 *
 * @param parameters values, and their rounded copies; of their average too, where that is evaluated
 * @param optimizer the optimizers' state
 * @param arena activations, gradients and scratch memory of a step, of the largest there is
 * @param tables what else stays on the device: orders, learning rates, losses, targets
 * @param dataset images and labels on the device
 * @param host images and labels in Java, twice: a reader puts them together; before there is a network
 * @param process Java itself, libraries, compiled code
 * @param layers what the forward pass of each hidden layer writes, a part of the arena for some steps
 */
public record MemoryEstimate(
        long parameters,
        long optimizer,
        long arena,
        long tables,
        long dataset,
        long host,
        long process,
        List<Long> layers) {
    /** What a run needs of which there is no estimate. */
    public static final String UNCOUNTABLE = "arrays of more elements than can be counted";

    /** Of a process that trains a network of a few units. */
    private static final long PROCESS = 160L << 20;

    /**
     * Estimates a run.
     *
     * @param device that the run is planned on
     * @param sizes of what is uploaded
     * @param config the run
     * @return empty if the run has an array of more elements than can be counted
     */
    public static Optional<MemoryEstimate> of(Device device, DeviceDataset.Sizes sizes, TrainingConfig config) {
        try (Scope images = device.newDryScope("data set");
                Scope scope = device.newDryScope("run")) {
            DeviceDataset dataset = DeviceDataset.dry(images, sizes);
            RunOnDevice run = new RunOnDevice(device, scope, dataset, config, Exchange.NONE);
            Network network = run.network();
            run.evaluator(scope, dataset).compileAll();
            run.compileAll();
            Network averaged = run.averaged();
            long parameters = bytes(Stream.concat(
                            network.parameters().stream(),
                            averaged == null ? Stream.empty() : averaged.parameters().stream())
                    .flatMap(parameter -> Stream.of(parameter.value(), parameter.rounded()))
                    .filter(Objects::nonNull));
            long optimizer =
                    bytes(Stream.of(run.optimizers().local(), run.optimizers().readout())
                            .flatMap(o -> o.state().values().stream()));
            long onDevice = bytes(
                    Stream.of(dataset.train(), dataset.test()).flatMap(set -> Stream.of(set.pixels(), set.labels())));
            return Optional.of(new MemoryEstimate(
                    parameters,
                    optimizer,
                    run.workspace().bytes(),
                    scope.bytes() - parameters - optimizer,
                    onDevice,
                    2 * onDevice,
                    PROCESS,
                    layers(device, scope, network, Math.min(config.batch(), config.samples(sizes.train())), config)));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static long bytes(Stream<Tensor> tensors) {
        return tensors.mapToLong(Tensor::bytes).sum();
    }

    private static List<Long> layers(Device device, Scope scope, Network network, int batch, TrainingConfig config) {
        Workspace workspace = device.newWorkspace(scope);
        Tensor x = workspace.tensor(
                config.precision().activations(), config.network().input().prepend(batch));
        List<Long> bytes = new ArrayList<>();
        for (LayerPass pass : network.passes(x, workspace, LayerPass.Use.TRAINING, Clock.allocate(scope))) {
            Set<Tensor> written = Collections.newSetFromMap(new IdentityHashMap<>());
            pass.forward().stream().map(Operation::writes).forEach(written::addAll);
            bytes.add(bytes(written.stream().filter(workspace::contains)));
        }
        return bytes;
    }

    /** {@return what the device holds} */
    public long onDevice() {
        return parameters + optimizer + arena + tables + dataset;
    }

    /** {@return the peak where tensors lie in the host's memory: Java's images are given back before the network is there} */
    public long total() {
        return process + Math.max(host + dataset, onDevice());
    }

    /** {@return what the host holds at its peak where the device has memory of its own} */
    public long onHost() {
        return process + host;
    }

    /** {@return what the device holds by kind, for people} */
    public String describeDevice() {
        return String.join(
                ", ",
                "parameters " + DeviceMemory.megabytes(parameters),
                "optimizer " + DeviceMemory.megabytes(optimizer),
                "a step's activations, gradients and scratch memory " + DeviceMemory.megabytes(arena),
                "tables " + DeviceMemory.megabytes(tables),
                "data set " + DeviceMemory.megabytes(dataset));
    }

    /** {@return what Java itself, libraries and compiled code take, for people} */
    public String describeProcess() {
        return "Java and libraries " + DeviceMemory.megabytes(process);
    }
}
