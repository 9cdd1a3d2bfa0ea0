using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Simulated;

/// <summary>A database that remembers which files ran.</summary>
public sealed class SimulatedMigrator : IMigrator
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<string>> _applied = [];

    /// <summary>Every statement run: <c>up 001.sql</c>, <c>down 001.sql</c>.</summary>
    public List<string> Journal { get; } = [];

    /// <summary>Paths of files that fail.</summary>
    public HashSet<string> Broken { get; } = [];

    /// <summary>Files applied in a database.</summary>
    public IReadOnlyList<string> Applied(string connectionString) => _applied.GetValueOrDefault(connectionString) ?? [];

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> PendingAsync(string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<string>>([.. files.Select(f => f.Path).Except(Applied(connectionString))]);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> UpAsync(string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _applied.TryAdd(connectionString, []);
            var ran = new List<string>();
            foreach (var file in files.Where(f => !_applied[connectionString].Contains(f.Path)))
            {
                if (Broken.Contains(file.Path))
                {
                    throw new PlatformException(PlatformError.Invalid, $"{file.Path}: syntax error");
                }

                _applied[connectionString].Add(file.Path);
                Journal.Add("up " + file.Path);
                ran.Add(file.Path);
            }

            return Task.FromResult<IReadOnlyList<string>>(ran);
        }
    }

    /// <inheritdoc/>
    public Task DownAsync(string connectionString, IReadOnlyList<SqlText> down, IReadOnlyList<string> undone, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Applied(connectionString).Intersect(undone).Any())
            {
                Journal.AddRange(down.Select(f => "down " + f.Path));
                _applied[connectionString].RemoveAll(undone.Contains);
            }
        }

        return Task.CompletedTask;
    }
}
