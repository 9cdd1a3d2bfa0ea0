using System.Text;
using System.Text.RegularExpressions;
using Sluice.Domain.Plans.Compilation;

namespace Sluice.Domain.Plans;

/// <summary>Reads bundles into plans. Pure; reports every fault it can find, not the first.</summary>
public static partial class PlanCompiler
{
    /// <summary>The plan format this build reads.</summary>
    public const int Schema = 1;

    /// <summary>Compiles a plan with the files it names.</summary>
    /// <returns>The plan when there is no fault; faults of the plan by line, then those of its files.</returns>
    public static PlanCompilation Compile(Bundle bundle)
    {
        var faults = new Faults();
        var bytes = Encoding.UTF8.GetByteCount(bundle.Plan) + bundle.Files.Sum(f => Encoding.UTF8.GetByteCount(f.Key) + (long)Encoding.UTF8.GetByteCount(f.Value));
        if (bytes > Bundle.MaxBytes)
        {
            faults.Add("too-large", "", 0, 0, $"The plan and its files have {bytes} bytes, more than {Bundle.MaxBytes}.");
            return new PlanCompilation(null, faults.All, []);
        }

        if (YamlTree.Read(bundle.Plan, faults) is not { } root)
        {
            return new PlanCompilation(null, faults.All, []);
        }

        var files = new BundleFiles(bundle.Files);
        var fields = Fields.Of(StrategySection.Expand(root, faults), faults, PlanKeys.Plan);
        var plan = Read(fields, files, faults);
        foreach (var unused in files.Unused)
        {
            faults.Warn("unused-file", unused, "The file is sent along and nothing names it.");
        }

        IReadOnlyList<PlanFault> all = [.. faults.All, .. files.Faults.SelectMany(f => f.All)];
        return new PlanCompilation(all.Count == 0 ? plan : null, all, [.. faults.Warnings, .. files.Faults.SelectMany(f => f.Warnings)]);
    }

    /// <summary>Reads a variables file by itself.</summary>
    /// <param name="file">Its name, for the faults.</param>
    /// <param name="text">YAML or JSON.</param>
    public static FileCompilation<IReadOnlyList<VariableSpec>> CompileVariables(string file, string text) =>
        CompileFile(new Faults(file, showsValues: false), text, VariablesFile.Read);

    /// <summary>Reads a smoke suite by itself.</summary>
    /// <param name="file">Its name, for the faults.</param>
    /// <param name="text">YAML or JSON.</param>
    public static FileCompilation<SmokeSuite> CompileSuite(string file, string text) => CompileFile(new Faults(file), text, SmokeFile.Read);

    private static FileCompilation<T> CompileFile<T>(Faults faults, string text, Func<string, Faults, T?> read)
        where T : class
    {
        if (Encoding.UTF8.GetByteCount(text) > Bundle.MaxBytes)
        {
            faults.Add("too-large", "", 0, 0, $"The file has more than {Bundle.MaxBytes} bytes.");
            return new FileCompilation<T>(null, faults.All, []);
        }

        var value = read(text, faults);
        return new FileCompilation<T>(faults.All.Count == 0 ? value : null, faults.All, faults.Warnings);
    }

    private static Plan? Read(Fields fields, BundleFiles files, Faults faults)
    {
        if (fields.Find("schema", "1") is Node.Scalar { Text: not "1" } schema)
        {
            faults.Add("unknown-schema", schema, $"This build reads schema {Schema}, not {faults.Show(schema)}.");
        }
        else if (fields.Find("schema") is { } other and not Node.Scalar)
        {
            faults.Add("wrong-type", other, $"Expected {Schema}, found {faults.Show(other)}.");
        }

        var service = fields.Text("service", "my-service");
        if (service is not null && !ServicePattern().IsMatch(service))
        {
            faults.Add(
                "bad-name", fields.Where("service"), $"'{service}' cannot be the name of a service.",
                "1 to 63 lower-case letters, digits, '.', '_' or '-', a letter or digit first");
        }

        var environments = EnvironmentSection.Read(fields, files, faults);
        var analysis = AnalysisSection.Read(fields, environments, faults);
        var steps = new StepSection(environments, analysis, files, faults).Read(fields);
        return new Plan(
            Schema,
            service ?? "",
            [.. environments.Select(e => e.Spec).OfType<EnvironmentSpec>()],
            steps,
            analysis,
            AnalysisSection.Concurrency(fields),
            AnalysisSection.Notify(fields, faults))
        {
            Freeze = FreezeSection.Windows(fields, environments, faults),
            RollbackWindow = FreezeSection.RollbackWindow(fields, faults),
            Emergency = [.. fields.Texts("emergency").Distinct()],
        };
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ServicePattern();
}

/// <summary>What reading one file gave: its content, or every fault.</summary>
/// <param name="Value">Null when there is a fault.</param>
/// <param name="Faults">All of them; paths are prefixed with the file's name.</param>
/// <param name="Warnings">What works but deserves a look.</param>
public sealed record FileCompilation<T>(T? Value, IReadOnlyList<PlanFault> Faults, IReadOnlyList<PlanFault> Warnings)
    where T : class;
