package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** The gradients of a step's parameters: each in the workspace, from the step that computes it to the one that it updates. */
public final class Gradients {
    private final Workspace workspace;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /**
     * Creates them, as they are asked for.
     *
     * @param workspace of the step's program
     */
    public Gradients(Workspace workspace) {
        this.workspace = workspace;
    }

    /** {@return the workspace of the step's program} */
    public Workspace workspace() {
        return workspace;
    }

    /**
     * {@return the gradient of a parameter, F32, like its value}
     *
     * @param parameter of the network or a rule
     */
    public Tensor of(Parameter parameter) {
        return tensors.computeIfAbsent(
                parameter.name(),
                name -> workspace.tensor(DataType.F32, parameter.value().shape()));
    }
}
