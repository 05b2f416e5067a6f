package io.github.kib4j.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.BatchNormOps;
import io.github.kib4j.op.Cells;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.GramOps;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Philox;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What Java and C++ say both, they say alike. */
final class ConstantsTest {
    private static final Map<String, Number> JAVA = Map.ofEntries(
            Map.entry("KIB_LEAKY_SLOPE", Activation.LEAKY_SLOPE),
            Map.entry("KIB_SELU_LAMBDA", Activation.SELU_LAMBDA),
            Map.entry("KIB_SELU_ALPHA", Activation.SELU_ALPHA),
            Map.entry("KIB_DEAD_FACTOR", Kernel.DEAD_FACTOR),
            Map.entry("KIB_MOST_WIDTHS", Kernel.MOST_WIDTHS),
            Map.entry("KIB_MOST_VARIABLES", GramOps.MOST_VARIABLES),
            Map.entry("KIB_MOST_SCALES", Cells.MOST_SCALES),
            Map.entry("KIB_BATCH_NORM_EPSILON", BatchNormOps.EPSILON),
            Map.entry("KIB_BATCH_NORM_MOMENTUM", BatchNormOps.MOMENTUM),
            Map.entry("KIB_CLOCK_STEP", Clock.STEP),
            Map.entry("KIB_CLOCK_EPOCH", Clock.EPOCH),
            Map.entry("KIB_CLOCK_POSITION", Clock.POSITION),
            Map.entry("KIB_CLOCK_EPOCH_STEP", Clock.EPOCH_STEP),
            Map.entry("KIB_CLOCK_SIZE", Clock.SIZE),
            Map.entry("KIB_PURPOSE_WEIGHTS", Philox.WEIGHTS),
            Map.entry("KIB_PURPOSE_SHUFFLE", Philox.SHUFFLE),
            Map.entry("KIB_PURPOSE_AUGMENTATION", Philox.AUGMENTATION),
            Map.entry("KIB_PURPOSE_DROPOUT", Philox.DROPOUT),
            Map.entry("KIB_PURPOSE_GENERATED_DATA", Philox.GENERATED_DATA));

    /** Every macro of the header, as its binding has it: a new one without a Java constant fails too. */
    @Test
    void constantsOfTheKernelsAreThoseOfJava() throws Exception {
        Map<String, Number> bound = new TreeMap<>();
        String header = Files.readString(Path.of("../../native/include/kib/constants.h"));
        var defined = Pattern.compile("#define (KIB_\\w+) ").matcher(header);
        while (defined.find()) {
            Field field = settings.class.getField(defined.group(1));
            bound.put(defined.group(1), (Number) field.get(null));
        }
        assertThat(bound).containsExactlyInAnyOrderEntriesOf(JAVA);
    }
}
