using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sluice.Catalog.Cache;

namespace Sluice.CatalogApi;

/// <summary>
/// Answers of one generation of the catalogue, kept an hour: in this process, behind it in Redis where that is configured, behind that the
/// database. A cache that is away costs time, never an answer.
/// </summary>
/// <param name="memory">Of this process.</param>
/// <param name="shared">Of all replicas; null when none is configured.</param>
/// <param name="generation">What answers are kept under.</param>
/// <param name="release">This program's: another one's answers may have another shape.</param>
/// <param name="figures">Counts where answers come from.</param>
/// <param name="time">The clock.</param>
internal sealed class Answers(
    ResponseCache memory, SharedCache? shared, Generation generation, string release, ServiceFigures figures, TimeProvider time)
{
    private string _current = "";

    /// <summary>A question by what it means: a name, and parameters that are equal when their JSON is.</summary>
    public static string Question<T>(string name, T parameters, JsonTypeInfo<T> type) => $"{name}\n{JsonSerializer.Serialize(parameters, type)}";

    /// <summary>Answers from a cache or by loading; 404 when there is nothing.</summary>
    /// <param name="http">The request.</param>
    /// <param name="question">What is asked; the same for requests that mean the same.</param>
    /// <param name="type">The answer's JSON.</param>
    /// <param name="load">Finds the answer; null when there is none.</param>
    /// <param name="missing">Says what there is not; null when the path says it.</param>
    public async Task WriteAsync<T>(
        HttpContext http, string question, JsonTypeInfo<T> type, Func<Task<T?>> load, Func<Task<List<ParameterFault>>>? missing = null)
        where T : class
    {
        var answer = await GetAsync(question, async () => await load() is { } found ? JsonSerializer.SerializeToUtf8Bytes(found, type) : null);
        if (answer is not null)
        {
            await answer.WriteAsync(http, time, memory.Lifetime);
            return;
        }

        await Problem.WriteAsync(
            http,
            StatusCodes.Status404NotFound,
            "No such model. Ids are provider/model, exact case, or a modelKey; /v1/models lists them.",
            missing is null ? null : await missing());
    }

    private async Task<CachedResponse?> GetAsync(string question, Func<Task<byte[]?>> load)
    {
        var now = await generation.CurrentAsync();
        if (Interlocked.Exchange(ref _current, now) != now)
        {
            // Nobody asks for them any more.
            memory.Refresh();
        }

        // Only the caller whose loading it is counts something else.
        var from = AnswerSource.Memory;
        try
        {
            return await memory.GetAsync($"{now}\n{question}", async () =>
            {
                from = AnswerSource.Database;
                var key = SharedKey(now, question);
                if (await ReadSharedAsync(key) is { } kept)
                {
                    from = AnswerSource.Shared;
                    return kept;
                }

                var loadedAt = time.GetUtcNow();
                if (await load() is not { } body)
                {
                    return null;
                }

                var loaded = new CachedResponse(body, loadedAt);
                await WriteSharedAsync(key, loaded);
                return loaded;
            });
        }
        finally
        {
            figures.Count(from);
        }
    }

    private string SharedKey(string now, string question)
    {
        var hash = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{release}\n{now}\n{question}")));
        return $"sluice:catalog:answer:{hash}";
    }

    private async Task<CachedResponse?> ReadSharedAsync(string key)
    {
        if (shared is null)
        {
            return null;
        }

        try
        {
            // The moment of loading, then the JSON: an answer is an hour old at most, wherever it was kept.
            return await shared.ReadAsync(key, CancellationToken.None) is { } text
                && text.Split('\n', 2) is [var at, var json]
                && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
                && new CachedResponse(Encoding.UTF8.GetBytes(json), DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)) is var kept
                && kept.Age(time) < memory.Lifetime
                    ? kept
                    : null;
        }
        catch (RedisException)
        {
            // Told in the log by the cache itself.
            return null;
        }
    }

    private async Task WriteSharedAsync(string key, CachedResponse answer)
    {
        if (shared is null)
        {
            return;
        }

        try
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{answer.LoadedAt.ToUnixTimeMilliseconds()}\n{Encoding.UTF8.GetString(answer.Body)}");
            await shared.WriteAsync(key, text, memory.Lifetime, CancellationToken.None);
        }
        catch (RedisException)
        {
            // As above: the answer is there without it.
        }
    }
}

/// <summary>Where an answer came from.</summary>
internal enum AnswerSource
{
    /// <summary>This process had it, or was loading it.</summary>
    Memory,

    /// <summary>Redis had it.</summary>
    Shared,

    /// <summary>Nobody had it.</summary>
    Database,
}
