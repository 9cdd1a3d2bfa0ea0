using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Activities;

/// <summary>What a check found.</summary>
/// <param name="Faults">One line each, without values; empty when all is well.</param>
public sealed record CheckReport(IReadOnlyList<string> Faults);

/// <summary>An environment to check.</summary>
/// <param name="Target">Which.</param>
/// <param name="Thresholds">The plan's own metrics that it is to answer.</param>
public sealed record ValidateInput(EnvironmentTarget Target, IReadOnlyList<ThresholdSpec> Thresholds)
{
    /// <summary>Names of secrets that later steps need there.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];
}

/// <summary>Checks an environment's variables and secrets, and asks each query once, all faults at once.</summary>
public sealed class ValidateEnvironmentActivity(VariableSource variables, IPlatforms platforms, ISecretStore secrets) : IActivity<ValidateInput, CheckReport>
{
    /// <inheritdoc/>
    public async Task<CheckReport> RunAsync(ValidateInput input, CancellationToken cancellationToken)
    {
        var declared = input.Target.Environment.Variables;
        var faults = VariableCheck.Check(declared, await variables.ResolveAsync(declared, cancellationToken));
        var queries = await Task.WhenAll(input.Thresholds.Where(t => t.Provider != ThresholdSpec.Counts).Select(t => AskAsync(input.Target, t, cancellationToken)));
        var missing = await Task.WhenAll(input.Secrets.Select(async name => string.IsNullOrEmpty(await secrets.GetAsync(name, cancellationToken)) ? name : null));
        return new CheckReport([.. faults, .. queries.OfType<string>(), .. missing.OfType<string>().Select(name => $"There is no secret '{name}', which 'verifySync' needs.")]);
    }

    /// <summary>
    /// What is wrong with a query: it is refused, gives no numbers, or needs a secret that is not there. A server that is away is no fault of
    /// the plan, and one without samples has none yet.
    /// </summary>
    private async Task<string?> AskAsync(EnvironmentTarget target, ThresholdSpec threshold, CancellationToken cancellationToken)
    {
        var provider = target.Environment.Providers.First(p => p.Name == threshold.Provider);
        var arguments = new QueryArguments("none", "none", target.Environment.Name, target.Service);
        var result = await platforms.Queries(provider).AskAsync(provider, threshold.Query, arguments, cancellationToken);
        return result.Error is { } error && (error.StartsWith($"{PlatformError.Invalid}:", StringComparison.Ordinal) || error.StartsWith($"{PlatformError.Unauthorized}:", StringComparison.Ordinal))
            ? $"The query of '{threshold.Name}' cannot be judged: {error}"
            : null;
    }
}

/// <summary>A suite to run.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Against which revision.</param>
/// <param name="Suite">The checks.</param>
public sealed record SmokeInput(EnvironmentTarget Target, string Revision, SmokeSuite Suite);

/// <summary>Runs a smoke suite against a revision, whatever its weight.</summary>
public sealed class SmokeActivity(IPlatforms platforms, ISmokeRunner runner) : IActivity<SmokeInput, SmokeReport>
{
    /// <inheritdoc/>
    public async Task<SmokeReport> RunAsync(SmokeInput input, CancellationToken cancellationToken)
    {
        var endpoint = await platforms.Router(input.Target.Environment).GetProbeEndpointAsync(input.Target, input.Revision, cancellationToken);
        return await runner.RunAsync(endpoint, input.Suite, cancellationToken);
    }
}

/// <summary>SQL files to run or undo.</summary>
/// <param name="Target">Where; its variables name the database.</param>
/// <param name="BundleHash">Where the files' texts are.</param>
/// <param name="Database">The variable that holds the connection string.</param>
/// <param name="Files">In the order they run.</param>
/// <param name="Undone">For the way back, the paths that the files undo.</param>
public sealed record MigrationInput(
    EnvironmentTarget Target, string BundleHash, string Database, IReadOnlyList<SqlFile> Files, IReadOnlyList<string> Undone);

/// <summary>What a migration did, or would do.</summary>
/// <param name="Paths">Of the files.</param>
public sealed record MigrationReport(IReadOnlyList<string> Paths);

/// <summary>Which SQL files have not run yet.</summary>
public sealed class PendingMigrationsActivity(IMigrator migrator, IDeploymentRegistry registry, VariableSource variables)
    : IActivity<MigrationInput, MigrationReport>
{
    /// <inheritdoc/>
    public async Task<MigrationReport> RunAsync(MigrationInput input, CancellationToken cancellationToken)
    {
        var (database, files) = await Migrations.ReadAsync(input, registry, variables, cancellationToken);
        return new MigrationReport(await migrator.PendingAsync(database, files, cancellationToken));
    }
}

/// <summary>Runs SQL files, each once.</summary>
public sealed class MigrateUpActivity(IMigrator migrator, IDeploymentRegistry registry, VariableSource variables)
    : IActivity<MigrationInput, MigrationReport>
{
    /// <inheritdoc/>
    public async Task<MigrationReport> RunAsync(MigrationInput input, CancellationToken cancellationToken)
    {
        var (database, files) = await Migrations.ReadAsync(input, registry, variables, cancellationToken);
        return new MigrationReport(await migrator.UpAsync(database, files, cancellationToken));
    }
}

/// <summary>Undoes SQL files that this rollout ran.</summary>
public sealed class MigrateDownActivity(IMigrator migrator, IDeploymentRegistry registry, VariableSource variables)
    : IActivity<MigrationInput, MigrationReport>
{
    /// <inheritdoc/>
    public async Task<MigrationReport> RunAsync(MigrationInput input, CancellationToken cancellationToken)
    {
        var (database, files) = await Migrations.ReadAsync(input, registry, variables, cancellationToken);
        await migrator.DownAsync(database, files, input.Undone, cancellationToken);
        return new MigrationReport(input.Undone);
    }
}

/// <summary>Finds the database and the texts of SQL files.</summary>
internal static class Migrations
{
    /// <summary>The connection string and the files with their texts.</summary>
    /// <exception cref="PlatformException"><c>Invalid</c>: the variable has no value; <c>NotFound</c>: a text is missing.</exception>
    public static async Task<(string Database, IReadOnlyList<SqlText> Files)> ReadAsync(
        MigrationInput input, IDeploymentRegistry registry, VariableSource variables, CancellationToken cancellationToken)
    {
        var name = input.Target.Environment.Name;
        var variable = input.Target.Environment.Variables.FirstOrDefault(v => v.Name == input.Database)
            ?? throw new PlatformException(PlatformError.Invalid, $"{name} declares no variable {input.Database}; a migration needs it to find its database.");
        var database = await variables.ResolveAsync(variable, cancellationToken);
        if (string.IsNullOrEmpty(database))
        {
            throw new PlatformException(PlatformError.Invalid, $"The variable {input.Database} of {name} has no value; a migration needs it to find its database.");
        }

        var bundle = await registry.GetBundleAsync(input.BundleHash, cancellationToken)
            ?? throw new PlatformException(PlatformError.NotFound, $"The registry has no bundle {input.BundleHash}.");
        return (database, [.. input.Files.Select(f => new SqlText(f.Path, f.Sha256, Text(bundle, f.Path)))]);
    }

    private static string Text(Bundle bundle, string path) => bundle.Files.TryGetValue(path, out var text)
        ? text
        : throw new PlatformException(PlatformError.NotFound, $"The bundle holds no file '{path}'.");
}
