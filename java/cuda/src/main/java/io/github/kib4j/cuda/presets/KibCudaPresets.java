package io.github.kib4j.cuda.presets;

import io.github.kib4j.bindings.presets.KernelsPresets;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** What the CUDA library has besides its kernels, for the JavaCPP parser; those are in {@link KernelsPresets}. */
@Properties(
        inherit = KernelsPresets.class,
        value =
                @Platform(
                        value = "linux-x86_64",
                        include = {"kib/convolution.h", "kib/cuda.h", "kib/library.h"},
                        link = "kib_cuda"),
        target = "io.github.kib4j.cuda.internal",
        global = "io.github.kib4j.cuda.internal.kib_cuda")
public class KibCudaPresets implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {}
}
