using System.Data.Common;
using System.Globalization;
using System.Text.Json;

namespace Sluice.Catalog.Store;

/// <summary>Offers as rows: the SQL that both databases understand, and the way there and back.</summary>
/// <param name="schema">Prefix of every table, empty or ending in a dot.</param>
internal sealed class OfferRows(string schema)
{
    private readonly string _select = $"""
        SELECT o.provider_id, o.provider_model_id, o.source, o.price_kind, o.input, o.output, o.cache_read, o.cache_write,
               o.context, o.max_output, o.modalities_in, o.modalities_out, o.status,
               m.model_key, m.lab, m.name, m.family, m.open_weights, m.release_date
        FROM {schema}offer o JOIN {schema}model m ON m.model_key = o.model_key
        """;

    private readonly string _upsertModel = $"""
        INSERT INTO {schema}model (model_key, lab, name, family, open_weights, release_date)
        VALUES (@key, @lab, @name, @family, @open, @released)
        ON CONFLICT (model_key) DO UPDATE SET lab = excluded.lab, name = excluded.name, family = excluded.family,
            open_weights = excluded.open_weights, release_date = excluded.release_date
        """;

    private readonly string _upsertOffer = $"""
        INSERT INTO {schema}offer (provider_id, provider_model_id, source, model_key, price_kind, input, output, cache_read, cache_write,
            context, max_output, modalities_in, modalities_out, status)
        VALUES (@provider, @id, @source, @key, @kind, @input, @output, @cacheRead, @cacheWrite, @context, @maxOutput, @in, @out, @status)
        ON CONFLICT (provider_id, provider_model_id) DO UPDATE SET source = excluded.source, model_key = excluded.model_key,
            price_kind = excluded.price_kind, input = excluded.input, output = excluded.output, cache_read = excluded.cache_read,
            cache_write = excluded.cache_write, context = excluded.context, max_output = excluded.max_output,
            modalities_in = excluded.modalities_in, modalities_out = excluded.modalities_out, status = excluded.status
        """;

    public async Task<bool> AnyAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"SELECT 1 FROM {schema}offer LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    public async Task<long> CountAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"SELECT count(*) FROM {schema}offer");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    public async Task<Offer?> FindAsync(DbConnection connection, OfferId id, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection,
            $"{_select} WHERE o.provider_id = @provider AND o.provider_model_id = @id",
            ("@provider", id.Provider),
            ("@id", id.ModelId));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    public async Task<OfferPage> ListAsync(
        DbConnection connection, string? provider, OfferId? after, int limit, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        // One row more than asked for tells whether a page follows.
        var parameters = new List<(string, object?)> { ("@limit", limit + 1L) };
        if (provider is not null)
        {
            conditions.Add("o.provider_id = @provider");
            parameters.Add(("@provider", provider));
        }

        if (after is { } last)
        {
            conditions.Add("(o.provider_id, o.provider_model_id) > (@afterProvider, @afterId)");
            parameters.Add(("@afterProvider", last.Provider));
            parameters.Add(("@afterId", last.ModelId));
        }

        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        await using var command = Command(
            connection, $"{_select}{where} ORDER BY o.provider_id, o.provider_model_id LIMIT @limit", [.. parameters]);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var offers = new List<Offer>(limit);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (offers.Count == limit)
            {
                return new OfferPage(offers, HasMore: true);
            }

            offers.Add(Read(reader));
        }

        return new OfferPage(offers, HasMore: false);
    }

    /// <summary>Within the caller's transaction.</summary>
    public async Task UpsertAsync(DbConnection connection, IReadOnlyList<Offer> offers, CancellationToken cancellationToken)
    {
        foreach (var model in offers.Select(offer => offer.Model).DistinctBy(model => model.Key))
        {
            await using var command = Command(
                connection,
                _upsertModel,
                ("@key", model.Key),
                ("@lab", model.Lab),
                ("@name", model.Name),
                ("@family", model.Family),
                ("@open", model.OpenWeights),
                ("@released", model.ReleaseDate));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var offer in offers)
        {
            var pricing = offer.Pricing.Normalize();
            await using var command = Command(
                connection,
                _upsertOffer,
                ("@provider", offer.Id.Provider),
                ("@id", offer.Id.ModelId),
                ("@source", offer.Source),
                ("@key", offer.Model.Key),
                ("@kind", Name(pricing.Kind)),
                ("@input", pricing.Input),
                ("@output", pricing.Output),
                ("@cacheRead", pricing.CacheRead),
                ("@cacheWrite", pricing.CacheWrite),
                ("@context", offer.Context),
                ("@maxOutput", offer.MaxOutput),
                ("@in", JsonSerializer.Serialize(offer.Modalities.Input, CatalogJson.Default.IReadOnlyListString)),
                ("@out", JsonSerializer.Serialize(offer.Modalities.Output, CatalogJson.Default.IReadOnlyListString)),
                ("@status", Name(offer.Status)));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static Offer Read(DbDataReader row) => new(
        new OfferId(row.GetString(0), row.GetString(1)),
        row.GetString(2),
        new Model(
            row.GetString(13),
            row.GetString(14),
            row.GetString(15),
            Text(row, 16),
            row.IsDBNull(17) ? null : row.GetBoolean(17),
            Text(row, 18)),
        new Modalities(List(row, 10), List(row, 11)),
        Number(row, 8),
        Number(row, 9),
        new Pricing(Value<PriceKind>(row, 3), Price(row, 4), Price(row, 5), Price(row, 6), Price(row, 7)).Normalize(),
        Value<OfferStatus>(row, 12));

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static int? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    private static decimal? Price(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDecimal(column);

    private static IReadOnlyList<string> List(DbDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetString(column), CatalogJson.Default.IReadOnlyListString)!;

    private static T Value<T>(DbDataReader row, int column)
        where T : struct, Enum => Enum.Parse<T>(row.GetString(column), ignoreCase: true);

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static DbCommand Command(DbConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
