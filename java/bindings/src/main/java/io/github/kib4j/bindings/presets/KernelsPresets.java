package io.github.kib4j.bindings.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The kernels of a library as one object, for the JavaCPP parser. A backend's presets inherit these and add the function of its
 * library that returns it.
 */
@Properties(
        inherit = SettingsPresets.class,
        value = @Platform(value = "linux-x86_64", include = "kib/kernels.h"),
        target = "io.github.kib4j.bindings.kernels",
        global = "io.github.kib4j.bindings.kernels.library")
public class KernelsPresets implements InfoMapper {
    /** Called by the parser. */
    public KernelsPresets() {}

    @Override
    public void map(InfoMap infoMap) {}
}
