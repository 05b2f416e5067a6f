package io.github.kib4j.objective;

import io.github.kib4j.op.CellOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Signature;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An objective whose codes are of groups of channels in spatial cells (docs/mathematics.md, section 3.9) instead of whole images: where
 * in an image a group is active counts too. A layer whose image is too small for a scale goes without that scale, a linear layer has
 * one cell. Divisive normalization stays that of the layer's own groups.
 *
 * @param objective what codes are to be like
 * @param scales how many cells there are on a side, for one or several scales side by side; ascending
 */
public record CellCodes(Objective.Kind objective, List<Integer> scales) implements Objective.Kind {
    /**
     * Checks the scales, and puts them in order.
     *
     * @param objective what codes are to be like
     * @param scales how many cells there are on a side, each once
     */
    public CellCodes {
        scales = scales.stream().distinct().sorted().toList();
        new Cells(1, 1, 0, scales);
        if (objective.seesActivity()) {
            throw new RefusedException("An objective that sees activities compares no codes, and has no cells.");
        }
    }

    @Override
    public boolean seesActivity() {
        return true;
    }

    @Override
    public Optional<Comparison> comparison() {
        return objective.comparison();
    }

    @Override
    public int leastBatch() {
        return objective.leastBatch();
    }

    @Override
    public void requireLayers(int count) {
        objective.requireLayers(count);
    }

    @Override
    public Signature signature() {
        return objective
                .signature()
                .with("cells", scales.stream().map(String::valueOf).collect(Collectors.joining(",")));
    }

    @Override
    public Objective bind(Objective.Place place) {
        Grouping grouping = place.grouping();
        int channels = place.code().extent(0);
        if (grouping == null || channels % grouping.groups() != 0) {
            throw new RefusedException("Cells are of groups of whole channels, but the " + channels
                    + " channels of hidden layer " + (place.layer() + 1) + " have "
                    + (grouping == null ? "no groups." : grouping.groups() + " groups, which do not divide them."));
        }
        List<Integer> fitting = Cells.fitting(scales, grouping.groups(), place.code());
        Cells cells = new Cells(grouping.groups(), grouping.power(), grouping.delta(), fitting);
        return new Bound(
                objective.bind(place.withCode(Shape.of(cells.width()))),
                place.device().cells(),
                cells);
    }

    /** A layer's. */
    private record Bound(Objective objective, CellOps<Operation> ops, Cells cells) implements Objective {
        @Override
        public boolean isMeanOfSamples() {
            return objective.isMeanOfSamples();
        }

        @Override
        public List<Parameter> parameters() {
            return objective.parameters();
        }

        @Override
        public List<Parameter> fixed() {
            return objective.fixed();
        }

        @Override
        public void initialize() {
            objective.initialize();
        }

        @Override
        public Map<String, Tensor> kept() {
            return objective.kept();
        }

        @Override
        public Planned plan(
                Workspace workspace,
                Gradients gradients,
                Tensor z,
                Teaching teaching,
                Exchange exchange,
                @Nullable Meter meter) {
            Shape codes = Shape.of(z.shape().extent(0), cells.width());
            Tensor u = workspace.tensor(DataType.F32, codes);
            Tensor mean = workspace.tensor(DataType.F64, codes);
            Tensor scale = workspace.tensor(DataType.F32, codes);
            Tensor dz = workspace.tensor(z.type(), z.shape());
            List<Operation> operations = new ArrayList<>(List.of(ops.codes(u, mean, scale, z, cells)));
            Planned planned = objective.plan(workspace, gradients, u, teaching, exchange, meter);
            operations.addAll(planned.operations());
            operations.add(ops.gradient(dz, z, mean, scale, planned.du(), cells));
            return new Planned(operations, dz);
        }
    }
}
