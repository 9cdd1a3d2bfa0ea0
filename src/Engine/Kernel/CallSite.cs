using System.Diagnostics;
using System.Globalization;
using Sluice.Durable;

namespace Sluice.Engine.Kernel;

/// <summary>Where in an orchestrator a call stands. Looking costs milliseconds, so it is done for messages only.</summary>
internal static class CallSite
{
    /// <summary>File and line of the nearest frame that is neither ours nor the runtime's; its method without symbols; null when there is none.</summary>
    public static string? Find()
    {
        foreach (var frame in new StackTrace(fNeedFileInfo: true).GetFrames())
        {
            var method = frame.GetMethod();
            var assembly = method?.DeclaringType?.Assembly;
            if (assembly is null || assembly == typeof(CallSite).Assembly || assembly == typeof(DurableContext).Assembly || assembly == typeof(object).Assembly)
            {
                continue;
            }

            return frame.GetFileName() is { } file
                ? string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileName(file)}:{frame.GetFileLineNumber()}")
                : $"{method!.DeclaringType}.{method.Name}";
        }

        return null;
    }
}
