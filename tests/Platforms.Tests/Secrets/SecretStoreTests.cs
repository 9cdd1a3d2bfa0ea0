using Sluice.Orchestration.Ports;
using Sluice.Platforms.Secrets;

namespace Sluice.Platforms.Tests.Secrets;

public sealed class SecretStoreTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("secrets-").FullName;
    private readonly SecretStore _store;

    public SecretStoreTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "secrets"));
        _store = new SecretStore(_folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("s3cret", "s3cret")]
    [InlineData("s3cret\n", "s3cret")]
    [InlineData("s3cret\r\n", "s3cret")]
    [InlineData("s3cret\n\n", "s3cret\n")]
    [InlineData(" s3 cret ", " s3 cret ")]
    [InlineData("", "")]
    public async Task A_file_is_the_secret_without_one_line_end(string text, string expected)
    {
        Write("DATABASE_URL", text);

        Assert.Equal(expected, await _store.GetAsync("DATABASE_URL", default));
    }

    [Fact]
    public async Task The_environment_comes_first_and_an_empty_variable_counts_as_none()
    {
        var name = $"SLUICE_TEST_{Guid.NewGuid():N}";
        Write(name, "from the file");
        try
        {
            Environment.SetEnvironmentVariable(name, "from the environment");
            Assert.Equal("from the environment", await _store.GetAsync(name, default));

            Environment.SetEnvironmentVariable(name, "");
            Assert.Equal("from the file", await _store.GetAsync(name, default));
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public async Task What_is_nowhere_is_null()
    {
        Assert.Null(await _store.GetAsync("NOT_THERE", default));
        Assert.Null(await new SecretStore(Path.Combine(_folder, "missing")).GetAsync("NOT_THERE", default));
    }

    [Theory]
    [InlineData("../admin.key")]
    [InlineData("/etc/passwd")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("1A")]
    [InlineData("A B")]
    [InlineData("A\n")]
    public async Task A_name_that_could_be_a_path_is_refused(string name)
    {
        var refused = await Assert.ThrowsAsync<PlatformException>(() => _store.GetAsync(name, default));

        Assert.StartsWith("Invalid: ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_can_touch_is_refused_with_the_command_that_heals(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes.");
            return;
        }

        var path = Write("TOKEN", "s3cret");
        File.SetUnixFileMode(path, Owner | others);

        var refused = await Assert.ThrowsAsync<PlatformException>(() => _store.GetAsync("TOKEN", default));

        Assert.Equal(PlatformError.Unauthorized, refused.Error);
        Assert.Contains($"chmod 600 {path}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_secret_is_told()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "secrets", "FOLDER"));
        Write("HUGE", new string('x', 70_000));
        await File.WriteAllBytesAsync(Write("BINARY", ""), [0xFF, 0xFE, 0x00, 0xD8]);

        foreach (var name in new[] { "FOLDER", "HUGE", "BINARY" })
        {
            var refused = await Assert.ThrowsAsync<PlatformException>(() => _store.GetAsync(name, default));
            Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        }
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, "secrets", name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, Owner);
        }

        return path;
    }
}
