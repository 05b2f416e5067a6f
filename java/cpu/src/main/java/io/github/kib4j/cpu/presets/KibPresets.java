package io.github.kib4j.cpu.presets;

import io.github.kib4j.bindings.presets.KernelsPresets;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** What the processor's library has besides its kernels, for the JavaCPP parser; those are in {@link KernelsPresets}. */
@Properties(
        inherit = KernelsPresets.class,
        value =
                @Platform(
                        value = "linux-x86_64",
                        include = {"kib/cpu.h", "kib/library.h"},
                        link = "kib"),
        target = "io.github.kib4j.cpu.internal",
        global = "io.github.kib4j.cpu.internal.kib")
public class KibPresets implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {}
}
