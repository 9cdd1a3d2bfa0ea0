using System.Data.Common;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Store;

/// <summary>
/// Which model the popularity of a repository of weights counts for: the one that a source names, or else the lab's own of that name. Copies of
/// weights are many, packed and tuned anew, and count for none.
/// </summary>
internal sealed class RepositoryModels
{
    private readonly Dictionary<string, string> _named = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyDictionary<string, ModelFacts> _models;

    private RepositoryModels(IReadOnlyDictionary<string, ModelFacts> models) => _models = models;

    /// <summary>By what is stored now.</summary>
    public static async Task<RepositoryModels> LoadAsync(DbConnection connection, SyncSql sql, CancellationToken cancellationToken)
    {
        var models = new RepositoryModels(await ModelFacts.LoadAsync(connection, sql, cancellationToken));
        await connection.ReadAsync(sql.Repositories, row => models._named[row.GetString(0)] = row.GetString(1), cancellationToken);
        return models;
    }

    /// <summary>Key of the model; null for none.</summary>
    public string? Of(string repository)
    {
        if (_named.TryGetValue(repository, out var key))
        {
            return key;
        }

        key = ModelAliases.Resolve(ModelIdentity.Of(repository, SourceNames.HuggingFace).Key);
        return _models.TryGetValue(key, out var model) && model.Lab != Labs.Unknown && model.Lab == Labs.OfId(repository) ? key : null;
    }
}
