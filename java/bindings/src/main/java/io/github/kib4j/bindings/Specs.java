package io.github.kib4j.bindings;

import io.github.kib4j.bindings.internal.kib_activity_spec;
import io.github.kib4j.bindings.internal.kib_cells_spec;
import io.github.kib4j.bindings.internal.kib_meter;
import io.github.kib4j.bindings.internal.kib_objective_spec;
import io.github.kib4j.bindings.internal.kib_queue;
import io.github.kib4j.bindings.internal.kib_teaching;
import io.github.kib4j.bindings.internal.kib_variable;
import io.github.kib4j.bindings.internal.kib_widths;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.ActivityOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.function.Function;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Fills the structs. Of tensors it reads shapes and types, when work is planned; where they lie, which {@code address} says, is
 * added when work is bound to memory.
 */
public final class Specs {
    private Specs() {}

    /**
     * {@return a queue on a processor}
     *
     * @param threads the most that a call uses
     */
    public static kib_queue queue(int threads) {
        return new kib_queue().threads(threads).stream(null);
    }

    /**
     * {@return the number by which kernels know a type of activations}
     *
     * @param type F32 or BF16: a backend refuses others
     */
    public static int type(DataType type) {
        return type == DataType.BF16 ? settings.KIB_BF16 : settings.KIB_F32;
    }

    /**
     * {@return the number by which kernels know an estimator}
     *
     * @param estimator which one
     */
    public static int estimator(Estimator estimator) {
        return estimator == Estimator.PHSIC ? settings.KIB_PHSIC : settings.KIB_HSIC;
    }

    private static int kernel(Kernel kernel) {
        return switch (kernel.kind()) {
            case LINEAR -> settings.KIB_LINEAR;
            case COSINE -> settings.KIB_COSINE;
            case GAUSSIAN -> settings.KIB_GAUSSIAN;
            case LAPLACE -> settings.KIB_LAPLACE;
            case INVERSE_MULTIQUADRIC -> settings.KIB_INVERSE_MULTIQUADRIC;
            case DELTA -> settings.KIB_DELTA;
        };
    }

    private static int activation(Activation activation) {
        return switch (activation) {
            case IDENTITY -> settings.KIB_IDENTITY;
            case RELU -> settings.KIB_RELU;
            case LEAKY_RELU -> settings.KIB_LEAKY_RELU;
            case SELU -> settings.KIB_SELU;
        };
    }

    private static int pooling(Pooling pooling) {
        return switch (pooling) {
            case NONE -> settings.KIB_POOL_NONE;
            case MAX -> settings.KIB_POOL_MAX;
            case AVERAGE -> settings.KIB_POOL_AVERAGE;
        };
    }

    /**
     * {@return what an activity's pass computes}
     *
     * @param post the activity after pooling, or one like it
     * @param a the pre-activations, or a tensor like them
     * @param spec the layer's settings
     * @param dropout which entries are dropped: the layer's, or none
     */
    public static kib_activity_spec activity(Tensor post, Tensor a, ActivityOps.Spec spec, Dropout dropout) {
        Shape shape = post.shape();
        boolean image = shape.rank() == 4;
        kib_activity_spec s = new kib_activity_spec();
        s.type(type(post.type())).activation(activation(spec.activation())).pooling(pooling(spec.pooling()));
        s.batch(shape.extent(0)).channels(shape.extent(1));
        s.height(image ? shape.extent(2) : 1).width(image ? shape.extent(3) : 1);
        s.input_height(image ? a.shape().extent(2) : 1);
        s.input_width(image ? a.shape().extent(3) : 1);
        Grouping grouping = spec.grouping();
        if (grouping == null) {
            s.groups(0).power(1).delta(0).divisive_power(0);
        } else {
            s.groups(grouping.groups()).power(grouping.power()).delta(grouping.delta());
            s.divisive_power(grouping.divisivePower());
        }
        s.drop_below(dropout.threshold()).kept_scale((float) dropout.keptScale());
        s.kept_shift((float) dropout.keptShift()).dropped_value((float) dropout.droppedValue());
        return s.seed(spec.seed()).layer(spec.layer());
    }

    /**
     * {@return what codes of groups in cells are of}
     *
     * @param z the activities {@code [B, N]} or {@code [B, C, H, W]}
     * @param cells groups and cells
     */
    public static kib_cells_spec cells(Tensor z, Cells cells) {
        Shape shape = z.shape();
        boolean image = shape.rank() == 4;
        kib_cells_spec s = new kib_cells_spec();
        s.type(type(z.type())).batch(shape.extent(0)).channels(shape.extent(1));
        s.height(image ? shape.extent(2) : 1).width(image ? shape.extent(3) : 1);
        s.groups(cells.groups()).power(cells.power()).delta(cells.delta());
        for (int i = 0; i < cells.scales().size(); i++) {
            s.scale(i, cells.scales().get(i));
        }
        return s.scales(cells.scales().size());
    }

    /** Writes a kernel's widths. */
    private static void widths(kib_widths to, Kernel kernel) {
        for (int i = 0; i < kernel.widths().size(); i++) {
            to.sigma(i, kernel.widths().get(i));
        }
        to.count(kernel.widths().size());
    }

    /**
     * {@return a local objective}
     *
     * @param u the codes {@code [B, ...]}
     * @param spec its settings
     */
    public static kib_objective_spec objective(Tensor u, ObjectiveOps.Spec spec) {
        kib_objective_spec s = new kib_objective_spec();
        s.type(type(u.type())).estimator(estimator(spec.estimator())).kernel(kernel(spec.kernel()));
        s.centred(spec.centred() ? 1 : 0).gamma(spec.gamma());
        widths(s.widths(), spec.kernel());
        return s.batch(u.shape().extent(0)).width(u.shape().rowSize());
    }

    /**
     * {@return a teaching signal, wherever it will lie}
     *
     * @param teaching the signal
     */
    public static kib_teaching teaching(Teaching teaching) {
        kib_teaching t = new kib_teaching();
        t.labels(null).targets(null).similarity(null).outputs(teaching.outputs());
        t.same(0).different(0).kernel(settings.KIB_LINEAR).centred(0);
        widths(t.widths(), Kernel.LINEAR);
        if (teaching instanceof Teaching.Classes classes) {
            t.same(classes.same()).different(classes.different());
        } else if (teaching instanceof Teaching.Targets targets) {
            t.kernel(kernel(targets.kernel())).centred(targets.centred() ? 1 : 0);
            widths(t.widths(), targets.kernel());
        }
        return t;
    }

    /**
     * Adds where a teaching signal lies.
     *
     * @param signal what {@link #teaching} gave
     * @param teaching the signal
     * @param address where a tensor lies
     */
    public static void locate(kib_teaching signal, Teaching teaching, Function<Tensor, ? extends Pointer> address) {
        Pointer memory = address.apply(teaching.tensor());
        if (teaching instanceof Teaching.Classes) {
            signal.labels(new IntPointer(memory));
        } else if (teaching instanceof Teaching.Targets) {
            signal.targets(new FloatPointer(memory));
        } else {
            signal.similarity(new FloatPointer(memory));
        }
    }

    /**
     * {@return a variable, wherever its samples will lie}
     *
     * @param samples {@code [B, ...]}
     * @param kernel what compares them
     */
    public static kib_variable variable(Tensor samples, Kernel kernel) {
        kib_variable v = new kib_variable().rows(null).type(type(samples.type()));
        widths(v.widths(), kernel);
        return v.width(samples.shape().rowSize()).kernel(kernel(kernel));
    }

    /**
     * {@return where a loss is added up}
     *
     * @param meter the meter
     * @param address where a tensor lies
     */
    public static kib_meter meter(Meter meter, Function<Tensor, ? extends Pointer> address) {
        kib_meter m = new kib_meter();
        m.sums(new DoublePointer(address.apply(meter.sums())))
                .slot(meter.slot())
                .correct(meter.correct());
        m.now(new LongPointer(address.apply(meter.clock().now())));
        return m.fault(new LongPointer(address.apply(meter.clock().fault())));
    }
}
