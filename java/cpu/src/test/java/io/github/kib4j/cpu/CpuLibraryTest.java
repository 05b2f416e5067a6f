package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.kib4j.bindings.Specs;
import io.github.kib4j.bindings.internal.kib_activity_spec;
import io.github.kib4j.bindings.internal.settings;
import io.github.kib4j.op.Lane;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.DataType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What native functions refuse, Java says. */
final class CpuLibraryTest {
    private static CpuLibrary library;

    @BeforeAll
    static void load() {
        CpuBackend.load();
        library = new CpuLibrary(1);
    }

    @Test
    void aTypeThatKernelsDoNotKnowIsNamed() {
        try (FloatPointer sum = new FloatPointer(2);
                BytePointer values = new BytePointer(4)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> library.kernel(
                                    0,
                                    (scratch, queue) ->
                                            () -> library.kernels().sum_rows(sum, values, 9, 1, 2, scratch, queue))
                            .bind(new Work.Place(null, Lane.MAIN))
                            .run())
                    .withMessage(
                            "The cpu device's kernels do not compute with numbers of type 9; F32 (0) and BF16 (1) they do.");
        }
    }

    @Test
    void aSettingThatThereIsNotIsNamed() {
        kib_activity_spec spec = new kib_activity_spec();
        spec.type(Specs.type(DataType.F32)).activation(7).batch(1).channels(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> library.check(library.kernels()
                        .activity_hebbian_gradient(
                                null,
                                null,
                                null,
                                (BytePointer) null,
                                null,
                                null,
                                null,
                                spec,
                                null,
                                library.queue(Lane.MAIN))))
                .withMessage("The cpu device's kernels have no activation 7; there are 4, from 0.");
    }

    @Test
    void whatIsNotTheCallersFaultIsAFailure() {
        assertThatIllegalStateException().isThrownBy(() -> library.check(settings.KIB_DEVICE_FAILED));
    }
}
