using Microsoft.Azure.Functions.Worker;
using Sluice.Api.Settings;
#if MONITOR
using DurableFunctionsMonitor.DotNetIsolated;
#endif

namespace Sluice.Functions.Monitor;

/// <summary>Durable Functions Monitor inside the function app. Its package is part of a build only with <c>-p:WithMonitor=true</c>.</summary>
public static class MonitorHost
{
    /// <summary>Serves the monitor, read-only and never without authentication, when the settings say so; else does nothing.</summary>
    /// <exception cref="SettingsException">It is wanted but would be open, or this build does not have it.</exception>
    public static IFunctionsWorkerApplicationBuilder UseMonitor(this IFunctionsWorkerApplicationBuilder builder, MonitorSettings settings)
    {
        if (!settings.Enabled)
        {
            return builder;
        }

#if MONITOR
        if (settings.Faults(Environment.GetEnvironmentVariable) is { Count: > 0 } faults)
        {
            throw new SettingsException(faults);
        }

        // What its environment says otherwise (DFM_MODE) does not count: nothing that a person may do to a rollout goes past the product.
        return builder.UseDurableFunctionsMonitor((monitor, _) =>
        {
            monitor.Mode = DfmMode.ReadOnly;
            monitor.DisableAuthentication = false;
        });
#else
        throw new SettingsException(
            ["SLUICE__Monitor__Enabled is true, but this build is without the monitor. Publish with -p:WithMonitor=true, or remove the setting."]);
#endif
    }
}
