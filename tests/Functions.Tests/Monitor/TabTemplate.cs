using Fluid;
using Fluid.Values;
using Newtonsoft.Json.Linq;

namespace Sluice.Functions.Tests.Monitor;

/// <summary>Renders a tab exactly as Durable Functions Monitor does (Orchestration.cs, DfmGetOrchestrationTabMarkupFunction).</summary>
internal static class TabTemplate
{
    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = Root(AppContext.BaseDirectory);

    /// <summary>The templates that the deployment uploads.</summary>
    public static string Folder => Path.Combine(Repository, "infra", "durable-functions-monitor", "tab-templates");

    /// <summary>The HTML of a tab.</summary>
    /// <param name="tab">Name of the tab and the orchestrator: <c>Rollout</c>.</param>
    /// <param name="instance">What is shown.</param>
    /// <param name="now">What the template's <c>'now'</c> is; the monitor's own is the clock.</param>
    public static string Render(string tab, MonitorInstance instance, DateTimeOffset? now = null)
    {
        var template = new FluidParser().Parse(File.ReadAllText(Path.Combine(Folder, $"{tab}.{tab}.liquid")));

        var options = new TemplateOptions();
        options.MemberAccessStrategy.Register<JObject, object>((obj, fieldName) => obj[fieldName]!);
        options.ValueConverters.Add(x => x is JObject obj ? new ObjectValue(obj) : null);
        options.ValueConverters.Add(x => x is JValue val ? val.Value : null);

        if (now is { } at)
        {
            options.Now = () => at;
            options.TimeZone = TimeZoneInfo.Utc;
        }

        return template.Render(new TemplateContext(instance, options));
    }

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Functions.sln")) ? folder : Root(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No Functions.sln above the tests."));
}
